// Two apps as the source documents of the protocol have them, with the library's defaults: no `deviceId`, no
// acknowledgements, no `eventId`. What they send is written as it stands there. Do not bring this up to date.
import io.socket.client.IO;
import io.socket.client.Socket;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.json.JSONArray;
import org.json.JSONObject;

final class Seed {
    private static Socket john;
    private static Socket jane;

    public static void main(String[] args) throws Exception {
        john = app(args[0], 123);
        jane = app(args[0], 456);
        // The documents know of no answer to `call:register`: whoever watches says when both are there.
        System.in.read();
        call();
        declined();
        group();
        System.exit(0);
    }

    private static Socket app(String url, int userId) throws Exception {
        Socket socket = IO.socket(url);
        socket.on(Socket.EVENT_CONNECT, args -> socket.emit("call:register", object("userId", userId)));
        // Nothing that the documents have may be a mistake.
        socket.on("call:error", args -> {
            System.out.println(args[0]);
            System.exit(1);
        });
        socket.connect();
        return socket;
    }

    // One answers, they exchange candidates, one hangs up.
    private static void call() throws Exception {
        String roomName = "room_123_456_1638360000";
        var incoming = heard(jane, "call:incoming");
        john.emit("call:initiate", object(
            "fromId", 123,
            "toId", 456,
            "callType", "video",
            "roomName", roomName,
            "sdpOffer", object("type", "offer", "sdp", "v=0")));
        JSONObject data = get(incoming);
        say(data.get("fromName"), data.get("callType"), data.get("roomName"), data.get("sdpOffer"),
            data.getJSONArray("iceServers").length() > 0);

        var answer = heard(john, "call:answer");
        jane.emit("call:accept", object(
            "roomName", roomName,
            "userId", 456,
            "sdpAnswer", object("type", "answer", "sdp", "v=0")));
        say(get(answer).get("sdpAnswer"));

        // "Check that the users have joined the room", where candidates do not arrive.
        john.emit("call:join_room", object("roomName", roomName, "userId", 123));
        jane.emit("call:join_room", object("roomName", roomName, "userId", 456));

        var atJane = heard(jane, "ice:candidate");
        john.emit("ice:candidate", object(
            "roomName", roomName,
            "toUserId", 456,
            "fromUserId", 123,
            "candidate", object("candidate", "candidate:1"),
            "sdpMLineIndex", 0,
            "sdpMid", "audio"));
        var atJohn = heard(john, "ice:candidate");
        jane.emit("ice:candidate", object(
            "roomName", roomName,
            "toUserId", 123,
            "fromUserId", 456,
            "candidate", object("candidate", "candidate:2"),
            "sdpMLineIndex", 0,
            "sdpMid", "audio"));
        for (var candidate : Arrays.asList(atJane, atJohn)) {
            data = get(candidate);
            say(data.get("fromUserId"), data.get("candidate"), data.get("sdpMLineIndex"), data.get("sdpMid"));
        }

        var ended = heard(jane, "call:ended");
        john.emit("call:end", object("roomName", roomName, "userId", 123, "reason", "completed"));
        data = get(ended);
        say(data.get("reason"), data.get("endedBy"));
    }

    private static void declined() throws Exception {
        var incoming = heard(jane, "call:incoming");
        john.emit("call:initiate", object(
            "fromId", 123,
            "toId", 456,
            "callType", "audio",
            "roomName", "room_123_456_1638360060",
            "sdpOffer", object("type", "offer", "sdp", "v=0")));
        say(get(incoming).get("callType"));

        var rejected = heard(john, "call:rejected");
        jane.emit("call:reject", object("roomName", "room_123_456_1638360060", "userId", 456));
        get(rejected);
        say("Call was rejected");
    }

    private static void group() throws Exception {
        String roomName = "group_789_1638360000";
        var incoming = heard(jane, "group_call:incoming");
        john.emit("call:initiate", object(
            "fromId", 123,
            "groupId", 789,
            "callType", "video",
            "roomName", roomName,
            "sdpOffer", object("type", "offer", "sdp", "v=0")));
        JSONObject data = get(incoming);
        say(data.get("groupId"), data.get("initiatorName"), data.get("callType"));

        var joined = heard(john, "user:joined_call");
        jane.emit("call:join_room", object("roomName", roomName, "userId", 456));
        say(get(joined).get("userId") + " joined");

        var changed = heard(john, "user:media_changed");
        jane.emit("call:toggle_media", object("roomName", roomName, "userId", 456, "audio", false, "video", true));
        data = get(changed);
        say("User " + data.get("userId") + ": audio=" + data.get("audio") + ", video=" + data.get("video"));

        var left = heard(john, "user:left_call");
        jane.emit("call:end", object("roomName", roomName, "userId", 456, "reason", "completed"));
        get(left);
        john.emit("call:end", object("roomName", roomName, "userId", 123, "reason", "completed"));
    }

    private static CompletableFuture<JSONObject> heard(Socket socket, String event) {
        var heard = new CompletableFuture<JSONObject>();
        socket.once(event, args -> heard.complete((JSONObject) args[0]));
        return heard;
    }

    private static JSONObject get(CompletableFuture<JSONObject> heard) throws Exception {
        return heard.get(60, TimeUnit.SECONDS);
    }

    private static JSONObject object(Object... fields) {
        try {
            var object = new JSONObject();
            for (int i = 0; i < fields.length; i += 2) {
                object.put((String) fields[i], fields[i + 1]);
            }
            return object;
        } catch (org.json.JSONException impossible) {
            throw new IllegalArgumentException(impossible);
        }
    }

    private static void say(Object... values) {
        System.out.println(new JSONArray(Arrays.asList(values)));
    }
}
