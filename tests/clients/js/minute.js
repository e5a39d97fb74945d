// The client of docs/protocol.md, as it is printed, twice: they call each other. Only what a browser brings is made up.
// usage: node minute.js PAGE URL
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { io } from "socket.io-client";

const [page, url] = process.argv.slice(2);
const text = await readFile(page, "utf8");
const [, code] = /## In one minute\n\n```js\nimport [^\n]*\n([\s\S]*?)\n```/.exec(text);
const AsyncFunction = (async () => {}).constructor;
const names = ["io", "token", "me", "deviceId", "stream", "play", "show", "RTCPeerConnection"];
const client = new AsyncFunction(...names, `${code}\nreturn { socket, dial, hangUp, room: () => room };`);

/** Gathers two candidates after its own description and wants to know every one of theirs. */
class Connection {
  static all = [];
  taken = [];
  constructor({ iceServers }) {
    assert(Array.isArray(iceServers));
    Connection.all.push(this);
  }
  addTrack(track) {
    assert.equal(track, "track");
  }
  async createOffer() {
    return { type: "offer", sdp: "v=0 offer" };
  }
  async createAnswer() {
    assert.equal(this.remoteDescription.type, "offer");
    return { type: "answer", sdp: "v=0 answer" };
  }
  async setLocalDescription(description) {
    this.localDescription = description;
    for (const n of [1, 2]) {
      setImmediate(() => this.onicecandidate({ candidate: { candidate: `${description.type} ${n}` } }));
    }
    setImmediate(() => this.onicecandidate({ candidate: null }));
  }
  async setRemoteDescription(description) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.remoteDescription = description;
  }
  async addIceCandidate({ candidate }) {
    assert(this.remoteDescription, "a candidate came before the description");
    this.taken.push(candidate);
  }
  close() {
    this.closed = true;
  }
}

const shown = [];
const person = (me) => {
  const connect = (_, options) => io(url, { ...options, forceNew: true });
  const stream = { getTracks: () => ["track"] };
  const show = (why) => shown.push([me, why]);
  return client(connect, "", me, `device-${me}`, stream, () => {}, show, Connection);
};
const until = async (what, holds) => {
  for (let patience = 600; !holds(); patience--) {
    assert(patience, `${what} never happened`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const registered = (socket) => new Promise((resolve) => socket.once("call:registered", resolve));
const [ann, bob] = await Promise.all([1, 2].map(person));
await Promise.all([registered(ann.socket), registered(bob.socket)]);
await ann.dial(2);
await until("the answer", () => Connection.all.length === 2 && Connection.all[0].remoteDescription);
const [caller, callee] = Connection.all;
assert.equal(caller.remoteDescription.sdp, "v=0 answer");
await until("their candidates", () => caller.taken.length === 2 && callee.taken.length === 2);
assert.deepEqual([caller.taken, callee.taken], [["answer 1", "answer 2"], ["offer 1", "offer 2"]]);
console.log(JSON.stringify("connected"));

// A lost connection comes back into the call.
const back = registered(bob.socket);
bob.socket.io.engine.close();
await back;
assert.equal(bob.room(), ann.room());
ann.hangUp("enough");
await until("the end", () => shown.length === 2);
assert.deepEqual(shown, [[1, "enough"], [2, "completed"]]);
assert(caller.closed && callee.closed);
console.log(JSON.stringify("over"));
ann.socket.disconnect();
bob.socket.disconnect();
