// The stock JavaScript client as a player: ../README.md says what it is told and what it says.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const sockets = new Map();

export function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Says which client this is. */
export function introduce() {
  const file = new URL("node_modules/socket.io-client/package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8"));
  say({ client: "socket.io-client", version, runtime: `Node.js ${process.versions.node}` });
}

function open({ as, url, namespace = "/", transports, auth, hello }) {
  const socket = io(new URL(namespace, url).href, {
    transports,
    auth,
    // Every socket has a connection of its own, as on devices of its own.
    forceNew: true,
    // The library's own reconnecting, sooner than by default: a test waits for it.
    reconnectionDelay: 100,
    reconnectionDelayMax: 1000,
  });
  sockets.set(as, socket);

  socket.on("connect", () => {
    const { engine } = socket.io;
    say({ as, got: "connected", transport: engine.transport.name });
    engine.on("upgrade", (transport) => say({ as, got: "upgraded", transport: transport.name }));
    if (hello) {
      socket.emit("call:register", hello, (payload) => say({ as, got: "registered", payload }));
    }
  });
  socket.on("connect_error", (error) => {
    // Without data it is no refusal: the server is away, and the library tries again by itself.
    if (error.data !== undefined || !socket.active) {
      say({ as, got: "refused", message: error.message, data: error.data });
    }
  });
  socket.on("disconnect", (reason) => say({ as, got: "lost", reason }));
  socket.onAny((event, payload) => say({ as, got: "event", event, payload }));
}

function perform(told) {
  const { as, id, event, payload } = told;
  const socket = sockets.get(as);
  const answered = (answer) => say({ as, got: "answer", id, payload: answer });
  switch (told.do) {
    case "open":
      return open(told);
    case "say":
      return socket.emit(event, payload);
    case "ask":
      return socket.emit(event, payload, answered);
    case "bytes":
      return socket.emit(event, Buffer.from([1, 2, 3]));
    case "close":
      return socket.disconnect();
    case "end":
      return process.exit(0);
    default:
      throw new Error(`told to ${told.do}, which is no word of a player`);
  }
}

introduce();
const told = createInterface({ input: process.stdin });
told.on("line", (line) => perform(JSON.parse(line)));
// Whoever started it is gone.
told.on("close", () => process.exit(1));
