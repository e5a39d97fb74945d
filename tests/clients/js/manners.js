// What only the JavaScript client can do, one line for each that went well.
import assert from "node:assert/strict";
import { Manager, io } from "socket.io-client";
import * as msgpack from "socket.io-msgpack-parser";

const [url, ...transports] = process.argv.slice(2);
const options = { transports, forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 500 };
const PATIENCE = 60_000;

const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));
const end = { roomName: "r", userId: 1 };

async function connected(more = {}) {
  const socket = io(url, { ...options, ...more });
  await once(socket, "connect");
  return socket;
}

async function registered(userId) {
  const socket = await connected();
  const answer = await socket.timeout(PATIENCE).emitWithAck("call:register", { userId });
  assert.equal(answer.ok, true);
  return socket;
}

/** The code with which a question that cannot be granted is answered. */
async function refusal(socket, ...args) {
  return (await socket.timeout(PATIENCE).emitWithAck(...args)).error.code;
}

const manners = {
  async "fifty questions at once are answered each by its own answer"() {
    const socket = await registered(1);
    const asked = Array.from({ length: 50 }, (_, i) =>
      refusal(socket, i % 2 ? "call:end" : "call:dance", end).then((code) => [i, code]),
    );
    for (const [i, code] of await Promise.all(asked)) {
      assert.equal(code, i % 2 ? "not_found" : "unknown_event");
    }
    return [socket];
  },

  async "an event may have no argument, several, or a volatile or uncompressed one"() {
    const socket = await registered(1);
    assert.equal(await refusal(socket, "call:end"), "bad_request");
    assert.equal(await refusal(socket, "call:end", end, { more: 1 }, null), "not_found");
    const error = once(socket, "call:error");
    // Volatile events may be dropped while the transport is busy: that is their meaning.
    const again = setInterval(() => socket.volatile.emit("call:end", end), 20);
    assert.equal((await error).code, "not_found");
    clearInterval(again);
    assert.equal(await refusal(socket.compress(false), "call:end", end), "not_found");
    return [socket];
  },

  async "a message that is too large is refused and the next one is not"() {
    const socket = await registered(1);
    assert.equal(await refusal(socket, "call:end", { ...end, more: "x".repeat(270_000) }), "too_large");
    assert.equal(await refusal(socket, "call:end", end), "not_found");
    return [socket];
  },

  async "binary data is refused by its acknowledgement, and the next message is not"() {
    const socket = await registered(1);
    assert.equal(await refusal(socket, "call:initiate", Buffer.from([1, 2, 3])), "bad_request");
    const two = { ...end, one: Buffer.alloc(1000), other: new Uint8Array(1) };
    assert.equal(await refusal(socket, "call:end", two), "bad_request");
    assert.equal(await refusal(socket, "call:end", end), "not_found");
    return [socket];
  },

  async "one manager has one socket in the one namespace, and others are refused beside it"() {
    const manager = new Manager(url, options);
    const socket = manager.socket("/");
    assert.equal(manager.socket("/"), socket);
    await (socket.connected || once(socket, "connect"));
    const other = manager.socket("/admin", { auth: { token: "x" } });
    const error = await once(other, "connect_error");
    assert.equal(error.message, "Invalid namespace");
    assert.equal((await socket.timeout(PATIENCE).emitWithAck("call:register", { userId: 1 })).ok, true);
    assert.equal(other.active, false, "it does not try again");
    return [socket];
  },

  async "many sockets of one page are many devices"() {
    const sockets = await Promise.all([1, 1, 1, 2].map(registered));
    assert.equal(new Set(sockets.map((socket) => socket.id)).size, sockets.length);
    const incoming = sockets.slice(0, 3).map((socket) => once(socket, "call:incoming"));
    const dial = { fromId: 2, toId: 1, callType: "audio", roomName: "many", sdpOffer: "v=0" };
    assert.equal((await sockets[3].timeout(PATIENCE).emitWithAck("call:initiate", dial)).devices, 3);
    await Promise.all(incoming);
    await sockets[3].timeout(PATIENCE).emitWithAck("call:end", { roomName: "many", userId: 2 });
    return sockets;
  },

  async "a socket that lost its connection is a new one, nothing is recovered by the transport"() {
    const socket = await registered(1);
    const { id } = socket;
    const back = once(socket, "connect");
    socket.io.engine.close();
    await back;
    assert.notEqual(socket.id, id);
    assert(!socket.recovered);
    assert.equal(await refusal(socket, "call:end", end), "unauthorized", "it has not registered yet");
    return [socket];
  },

  async "what was emitted while the connection was down comes when it is back"() {
    const socket = await registered(1);
    const lost = once(socket, "disconnect");
    // By polling it may first finish what it was saying.
    socket.io.engine.close();
    await lost;
    const answers = [
      socket.timeout(PATIENCE).emitWithAck("call:register", { userId: 1 }),
      socket.timeout(PATIENCE).emitWithAck("call:end", end),
    ];
    const [first, second] = await Promise.all(answers);
    assert.equal(first.ok, true);
    assert.equal(second.error.code, "not_found");
    return [socket];
  },

  async "a socket that repeats until it is answered is answered"() {
    const socket = await connected({ retries: 3, ackTimeout: PATIENCE });
    const answer = await socket.emitWithAck("call:register", { userId: 1 });
    assert.equal(answer.ok, true);
    return [socket];
  },

  async "a socket that was disconnected on purpose may connect again"() {
    const socket = await registered(1);
    const lost = once(socket, "disconnect");
    socket.disconnect();
    assert.equal(await lost, "io client disconnect");
    socket.connect();
    await once(socket, "connect");
    assert.equal((await socket.timeout(PATIENCE).emitWithAck("call:register", { userId: 1 })).ok, true);
    return [socket];
  },

  async "a client that speaks MessagePack is closed before it is in"() {
    const manager = new Manager(url, { ...options, parser: msgpack, reconnection: false });
    const socket = manager.socket("/");
    socket.on("connect", () => assert.fail("it was let in"));
    const reason = await once(manager, "close");
    assert.match(reason, /^transport (close|error)$/);
    return [socket];
  },
};

const tooLate = setTimeout(() => {
  console.error("it takes too long");
  process.exit(1);
}, PATIENCE);
for (const [name, play] of Object.entries(manners)) {
  for (const socket of await play()) {
    socket.disconnect();
  }
  console.log(JSON.stringify(name));
}
clearTimeout(tooLate);
