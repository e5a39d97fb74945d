// The stock Java client as a player: ../README.md says what it is told and what it says.
import io.socket.client.Ack;
import io.socket.client.IO;
import io.socket.client.Socket;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

final class Player {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private static final Map<String, Socket> SOCKETS = new ConcurrentHashMap<>();

    public static void main(String[] none) throws Exception {
        say(new JSONObject()
            .put("client", "io.socket:socket.io-client")
            .put("version", version())
            .put("runtime", "Java " + System.getProperty("java.version")));
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            perform(new JSONObject(line));
        }
        // Whoever started it is gone.
        System.exit(1);
    }

    private static void perform(JSONObject told) throws Exception {
        Socket socket = SOCKETS.get(told.optString("as"));
        switch (told.getString("do")) {
            case "open" -> open(told);
            case "say" -> socket.emit(told.getString("event"), told.get("payload"));
            case "ask" -> ask(socket, told);
            case "bytes" -> socket.emit(told.getString("event"), (Object) new byte[] {1, 2, 3});
            case "close" -> socket.disconnect();
            case "end" -> System.exit(0);
            default -> throw new IllegalArgumentException("no word of a player: " + told);
        }
    }

    private static void open(JSONObject told) throws Exception {
        String as = told.getString("as");
        JSONArray names = told.getJSONArray("transports");
        String[] transports = new String[names.length()];
        for (int i = 0; i < transports.length; i++) {
            transports[i] = names.getString(i);
        }
        var options = IO.Options.builder()
            .setTransports(transports)
            // Every socket has a connection of its own, as on devices of its own.
            .setForceNew(true)
            // The library's own reconnecting, sooner than by default: a test waits for it.
            .setReconnectionDelay(100)
            .setReconnectionDelayMax(1000);
        if (!told.isNull("auth")) {
            options.setAuth(Collections.singletonMap("token", told.getJSONObject("auth").getString("token")));
        }
        Socket socket = IO.socket(told.getString("url") + told.optString("namespace", "/"), options.build());
        SOCKETS.put(as, socket);

        socket.on(Socket.EVENT_CONNECT, args -> {
            say(got(as, "connected"));
            if (!told.isNull("hello")) {
                var answered = (Ack) answer -> say(got(as, "registered", "payload", answer[0]));
                socket.emit("call:register", told.opt("hello"), answered);
            }
        });
        socket.on(Socket.EVENT_CONNECT_ERROR, args -> {
            // An exception is no refusal: the server is away, and the library tries again by itself.
            if (args[0] instanceof JSONObject refusal) {
                say(got(as, "refused", "message", refusal.opt("message")));
            }
        });
        socket.on(Socket.EVENT_DISCONNECT, args -> say(got(as, "lost", "reason", args[0])));
        socket.onAnyIncoming(args -> {
            JSONObject line = got(as, "event", "event", args[0]);
            say(args.length > 1 ? with(line, "payload", args[1]) : line);
        });
        socket.connect();
    }

    private static void ask(Socket socket, JSONObject told) throws JSONException {
        JSONObject line = got(told.getString("as"), "answer", "id", told.get("id"));
        var answered = (Ack) answer -> say(with(line, "payload", answer[0]));
        socket.emit(told.getString("event"), told.get("payload"), answered);
    }

    private static JSONObject got(String as, String what) {
        return with(with(new JSONObject(), "as", as), "got", what);
    }

    private static JSONObject got(String as, String what, String name, Object value) {
        return with(got(as, what), name, value);
    }

    private static JSONObject with(JSONObject line, String name, Object value) {
        try {
            return line.put(name, value);
        } catch (JSONException impossible) {
            throw new IllegalArgumentException(impossible);
        }
    }

    private static void say(JSONObject line) {
        OUT.println(line);
    }

    /** The version by the name of the jar: the library does not say it itself. */
    private static String version() {
        String jar = Socket.class.getProtectionDomain().getCodeSource().getLocation().getPath();
        return jar.replaceAll(".*/socket\\.io-client-(.*)\\.jar", "$1");
    }
}
