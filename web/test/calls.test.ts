// The rules of a call, under virtual time.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { thatRings, toDial, toJoin } from "../src/calls/reduce";
import type { Beginning } from "../src/calls/state";
import { TIMES } from "../src/calls/times";
import { markOf, readMark, sessionOf, withMark } from "../src/calls/sdp";
import { pathOf } from "../src/calls/wire";
import { room, sdp, World } from "./world";

const beginning = (kind: Beginning["kind"]): Beginning => {
  return { me: 1, room: "r", kind, servers: [], isLineUp: true, mine: { audio: true, video: false } };
};

function joined(users: number[], topology: "mesh" | "sfu" = "mesh"): World {
  const world = new World(toJoin(beginning({ is: "room" })));
  world.does({ event: "join" });
  world.answers("join", room(topology, users));
  return world;
}

/** A straight connection to somebody who came before us is up. */
function connects(world: World, user: number): void {
  world.peer(user, { said: "offerMade", sdp: sdp("ours") });
  const sdpAnswer = sdp(`user ${user}`);
  world.hears({ name: "call:renegotiate", payload: { roomName: "r", fromUserId: user, sdpAnswer } });
  world.peer(user, { said: "answerApplied" });
  world.peer(user, { said: "up" });
}

function dialled(): World {
  const world = new World(toDial(beginning({ is: "pair", with: 2 }), 1_000_000));
  world.does({ event: "dial" });
  world.peer(2, { said: "offerMade", sdp: sdp("ours") });
  world.answers("initiate", { callId: 1, roomName: "r", iceServers: [], devices: 1, expiresAt: 0 });
  return world;
}

function talking(): World {
  const world = dialled();
  world.hears({ name: "call:answer", payload: { roomName: "r", userId: 2, sdpAnswer: sdp("theirs"), iceServers: [] } });
  world.peer(2, { said: "answerApplied" });
  world.peer(2, { said: "up" });
  return world;
}

test("the times are those of the document", () => {
  const document = readFileSync("docs/reconnect.md", "utf8");

  for (const [name, time] of Object.entries(TIMES)) {
    assert.ok(document.includes(`| \`${name}\` | ${time / 1000} s | `), `${name} is not ${time} ms`);
  }
});

test("a call is dialled with an offer, and addresses wait until the server knows it", () => {
  const world = new World(toDial(beginning({ is: "pair", with: 2 }), 1_000_000));

  assert.deepEqual(world.does({ event: "dial" }), ["create 2#0", "makeOffer 2#0"]);
  assert.deepEqual(world.peer(2, { said: "offerMade", sdp: sdp("ours") }), ["call:initiate offer"]);
  assert.deepEqual(world.peer(2, { said: "candidate", candidate: "c" }), []);
  const known = world.answers("initiate", { callId: 1, roomName: "r", iceServers: [], devices: 1, expiresAt: 0 });

  assert.deepEqual(known, ["ice:candidate 2", "call:resume"]);
  assert.equal(world.call.phase.is, "calling");
});

test("a call that nobody answers ends by itself", () => {
  const world = dialled();

  world.passes(TIMES.dial);

  assert.deepEqual(world.call.phase, { is: "ended", reason: "timeout", lasted: 0 });
});

test("who answers takes the addresses that came while it rang", () => {
  const world = new World(thatRings(beginning({ is: "pair", with: 2 }), sdp("theirs"), 2_000_000));
  world.hears({ name: "ice:candidate", payload: { roomName: "r", fromUserId: 2, candidate: "early" } });

  assert.deepEqual(world.does({ event: "accept" }), ["create 2#0", "takeOffer 2#0", "takeCandidate 2#0"]);
  assert.deepEqual(world.peer(2, { said: "answerMade", sdp: sdp("ours") }), ["call:accept answer"]);
  world.answers("accept", { callId: 1, roomName: "r", iceServers: [], startedAt: 5 });

  assert.equal(world.call.phase.is, "talking");
});

test("an answer that comes late is not taken for the one to the next offer", () => {
  const world = joined([2, 1]);
  world.peer(2, { said: "offerMade", sdp: sdp("ours", 1) });
  const late = withMark(sdp("theirs"), markOf(sdp("ours", 7)));

  const done = world.hears({ name: "call:renegotiate", payload: { roomName: "r", fromUserId: 2, sdpAnswer: late } });

  assert.deepEqual(done, []);
});

test("when both offer, who came first gives way and offers again", () => {
  const world = joined([1]);
  world.hears({
    name: "user:joined_call",
    payload: { roomName: "r", userId: 2, userName: "B", avatar: null, audio: true, video: false },
  });
  const offer = (version: number): string[] =>
    world.hears({ name: "call:renegotiate", payload: { roomName: "r", fromUserId: 2, sdpOffer: sdp("b", version) } });
  assert.deepEqual(offer(1), ["create 2#0", "takeOffer 2#0"]);
  world.peer(2, { said: "answerMade", sdp: sdp("ours") });
  assert.deepEqual(world.peer(2, { said: "wantsToOffer" }), ["makeOffer 2#0"]);
  world.peer(2, { said: "offerMade", sdp: sdp("ours", 2) });

  assert.deepEqual(offer(2), ["rollBack 2#0", "takeOffer 2#0"]);
  assert.deepEqual(world.peer(2, { said: "answerMade", sdp: sdp("ours", 3) }), ["call:renegotiate 2 answer", "makeOffer 2#0"]);
});

test("media that is lost is tried over new addresses, then built anew, then given up", () => {
  const world = talking();

  assert.deepEqual(world.peer(2, { said: "lost" }), ["makeOffer restart 2#0"]);
  world.peer(2, { said: "offerMade", sdp: sdp("ours", 2) });
  const tries = world.passes(TIMES.give_up_after);

  assert.ok(tries.includes("close 2#0") && tries.includes("create 2#1"), tries.join());
  assert.deepEqual(world.call.phase.is === "ended" && world.call.phase.reason, "they_lost_connection");
  assert.equal(tries.at(-1), "call:end");
});

test("without the server nothing is offered, and once it is back the call is taken up", () => {
  const world = talking();
  world.does({ event: "line", isUp: false, servers: null });

  assert.deepEqual(world.peer(2, { said: "lost" }), []);
  const back = world.does({ event: "line", isUp: true, servers: [] });

  assert.deepEqual(back, ["call:resume", "makeOffer restart 2#0"]);
});

test("a call that the server forgot goes on while media flows", () => {
  const world = talking();

  world.refuses("resume", "not_found");

  assert.equal(world.call.isAdrift, true);
  assert.equal(world.call.phase.is, "talking");
});

test("an open room that the server forgot is opened again by its name", () => {
  const world = joined([2, 1]);
  connects(world, 2);

  assert.deepEqual(world.refuses("resume", "not_found"), ["call:join_room"]);
  const again = world.answers("join", room("mesh", [2, 1]));

  assert.deepEqual(again, ["close 2#0", "create 2#1", "makeOffer 2#1"]);
});

test("whoever comes later offers to all who are there", () => {
  const world = new World(toJoin(beginning({ is: "room" })));

  assert.deepEqual(world.does({ event: "join" }), ["call:join_room"]);
  const there = world.answers("join", room("mesh", [2, 3, 1]));

  assert.deepEqual(there, ["create 2#0", "makeOffer 2#0", "create 3#0", "makeOffer 3#0"]);
});

test("a room that moves to the media server keeps the straight way until the other one is heard", () => {
  const world = joined([2, 1]);
  connects(world, 2);

  const moved = world.hears({ name: "call:room_state", payload: room("sfu", [2, 1, 3]) });
  assert.deepEqual(moved, ["create 0#0", "makeOffer 0#0"]);
  world.isServed([2, 3]);
  assert.ok(world.call.wires[2], "the straight way is still there");
  assert.deepEqual(world.passes(TIMES.move_overlap - 1), []);
  assert.deepEqual(world.passes(1), ["close 2#0"]);

  assert.equal(world.call.way.is, "byServer");
});

test("a room that moves back keeps the media server until everybody is there", () => {
  const world = joined([2, 1], "sfu");
  world.isServed([2]);
  world.passes(TIMES.move_within);

  const moved = world.hears({ name: "call:room_state", payload: room("mesh", [2, 1]) });
  assert.deepEqual(moved, ["create 2#0", "makeOffer 2#0"]);
  assert.ok(world.call.wires[0], "the media server is still there");
  connects(world, 2);

  assert.equal(world.call.wires[0], undefined);
  assert.equal(world.call.way.is, "straight");
});

test("a media server that forgot us is connected to anew, but not in a hurry", () => {
  const world = joined([2, 1], "sfu");
  world.isServed([2]);
  const payload = { event: "call:renegotiate", code: "unavailable", message: "", roomName: "r" } as const;

  assert.deepEqual(world.hears({ name: "call:error", payload }), []);
  const tries = world.passes(TIMES.restart_every);

  assert.deepEqual(tries, ["close 0#0", "create 0#1", "makeOffer 0#1"]);
});

test("what is looked at is told once the media server is there, and not too often", () => {
  const world = joined([2, 1], "sfu");
  world.isServed([2]);
  const looks = (maxHeight: number): string[] =>
    world.does({ event: "looks", looks: [{ userId: 2, kind: "camera", maxHeight }] });

  assert.deepEqual(looks(180), ["call:subscribe"]);
  assert.deepEqual(looks(360), []);
  assert.deepEqual(world.passes(300), ["call:subscribe"]);
});

test("what of ours is looked at holds for the connection to the media server of which it was said", () => {
  const world = joined([2, 3, 4], "sfu");
  const wanted = { name: "call:wanted", payload: { roomName: "r", camera: 360, screen: false } } as const;
  assert.equal(world.call.wanted, null);
  world.hears(wanted);
  assert.deepEqual(world.call.wanted, { camera: 360, screen: false });

  world.hears({ name: "call:room_state", payload: room("mesh", [2, 3]) });
  world.passes(TIMES.move_within);

  assert.equal(world.call.way.is, "straight");
  assert.equal(world.call.wanted, null);
  // Late: nobody sees us there any more.
  world.hears(wanted);
  assert.equal(world.call.wanted, null);
});

test("whoever waits at the door comes in when the state says so, or is told that they do not", () => {
  const world = joined([], "mesh");
  const waits = new World(toJoin(beginning({ is: "room" })));
  waits.does({ event: "join" });
  waits.answers("join", room("mesh", [], { waiting: true }));
  assert.equal(waits.call.phase.is, "atTheDoor");

  assert.deepEqual(waits.hears({ name: "call:room_state", payload: room("mesh", [2, 1]) }), ["create 2#0", "makeOffer 2#0"]);

  assert.equal(waits.call.phase.is, "talking");
  assert.equal(world.call.phase.is, "talking");
});

test("a host who mutes somebody switches off what the page shows as on", () => {
  const world = joined([2, 1]);

  world.hears({ name: "call:muted", payload: { roomName: "r", userId: 1, mutedBy: 2 } });

  assert.equal(world.call.mine.audio, false);
  assert.equal(world.call.mutedByHost, 1);
});

test("a line of the chat is there at once, and once when the server repeats it", () => {
  const world = joined([2, 1]);
  world.does({ event: "chat", text: "hello", messageId: "m" });
  assert.equal(world.call.chat[0]?.status, "sending");
  const payload = { roomName: "r", userId: 1, userName: "A", messageId: "m", text: "hello", sentAt: 3 };

  world.hears({ name: "call:chat", payload });

  assert.deepEqual(world.call.chat.map(({ id, status }) => [id, status]), [["m", "sent"]]);
});

test("an answer that was lost is asked for again, at once or when the line is back", () => {
  const world = new World(toJoin(beginning({ is: "room" })));
  world.does({ event: "join" });
  const lost = { event: "acked", what: "join", isAgain: false, id: null, outcome: { is: "lost" } } as const;

  assert.deepEqual(world.does(lost), ["call:join_room"]);
  world.does({ event: "line", isUp: false, servers: null });
  assert.deepEqual(world.does(lost), []);
  assert.deepEqual(world.does({ event: "line", isUp: true, servers: [] }), ["call:join_room"]);
});

test("nothing that comes late changes a call that is over", () => {
  const world = talking();
  world.does({ event: "hangUp" });
  const over = world.call;

  assert.deepEqual(world.peer(2, { said: "lost" }), []);
  assert.deepEqual(world.hears({ name: "call:room_state", payload: room("sfu", [1, 2]) }), []);
  assert.deepEqual(world.passes(120_000), []);

  assert.deepEqual(world.call.phase, over.phase);
});

test("what was there before an event is not changed by it", () => {
  const world = joined([2, 1]);
  connects(world, 2);
  const before = world.call;
  const copy = structuredClone(before);

  world.peer(2, { said: "lost" });
  world.hears({ name: "user:media_changed", payload: { roomName: "r", userId: 2, audio: false, video: true } });

  assert.deepEqual(before, copy);
  assert.equal(pathOf(world.call.wires[2]!), "repairing");
});

test("an offer has the mark that the definition gives", () => {
  assert.equal(markOf(""), "cbf29ce484222325");
  assert.equal(markOf("foobar"), "85944171f73967e8");
  assert.equal(readMark(withMark("v=0\r\n", markOf("foobar"))), "85944171f73967e8");
  assert.equal(sessionOf("v=0\r\na=fingerprint:sha-256 aa:bb\r\n"), "SHA-256 AA:BB");
});
