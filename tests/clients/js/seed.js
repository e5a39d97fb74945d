// Two apps as the source documents of the protocol have them, with the library's defaults: no `deviceId`, no
// acknowledgements, no `eventId`. What they send is written as it stands there. Do not bring this up to date.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url] = process.argv.slice(2);
const say = (line) => console.log(JSON.stringify(line));

function app(userId) {
  const socket = io(url);
  socket.on("connect", () => {
    socket.emit("call:register", {
      userId: userId,
    });
  });
  // Nothing that the documents have may be a mistake.
  socket.on("call:error", (error) => {
    say({ userId, error });
    process.exit(1);
  });
  return socket;
}

const heard = (socket, event) => new Promise((resolve) => socket.once(event, resolve));

const john = app(123);
const jane = app(456);

// One answers, they exchange candidates, one hangs up.
async function call() {
  const roomName = "room_123_456_1638360000";
  const incoming = heard(jane, "call:incoming");
  john.emit("call:initiate", {
    fromId: 123,
    toId: 456,
    callType: "video",
    roomName: "room_123_456_1638360000",
    sdpOffer: { type: "offer", sdp: "v=0" },
  });
  {
    const data = await incoming;
    say([data.fromName, data.callType, data.roomName, data.sdpOffer, data.iceServers.length > 0]);
  }

  const answer = heard(john, "call:answer");
  jane.emit("call:accept", {
    roomName: "room_123_456_1638360000",
    userId: 456,
    sdpAnswer: { type: "answer", sdp: "v=0" },
  });
  say([(await answer).sdpAnswer]);

  // "Check that the users have joined the room", where candidates do not arrive.
  john.emit("call:join_room", { roomName: roomName, userId: 123 });
  jane.emit("call:join_room", { roomName: roomName, userId: 456 });

  const atJane = heard(jane, "ice:candidate");
  john.emit("ice:candidate", {
    roomName: "room_123_456_1638360000",
    toUserId: 456,
    fromUserId: 123,
    candidate: { candidate: "candidate:1" },
    sdpMLineIndex: 0,
    sdpMid: "audio",
  });
  const atJohn = heard(john, "ice:candidate");
  jane.emit("ice:candidate", {
    roomName: "room_123_456_1638360000",
    toUserId: 123,
    fromUserId: 456,
    candidate: { candidate: "candidate:2" },
    sdpMLineIndex: 0,
    sdpMid: "audio",
  });
  for (const data of [await atJane, await atJohn]) {
    say([data.fromUserId, data.candidate, data.sdpMLineIndex, data.sdpMid]);
  }

  const ended = heard(jane, "call:ended");
  john.emit("call:end", {
    roomName: "room_123_456_1638360000",
    userId: 123,
    reason: "completed",
  });
  const data = await ended;
  say([data.reason, data.endedBy]);
}

async function declined() {
  const incoming = heard(jane, "call:incoming");
  john.emit("call:initiate", {
    fromId: 123,
    toId: 456,
    callType: "audio",
    roomName: "room_123_456_1638360060",
    sdpOffer: { type: "offer", sdp: "v=0" },
  });
  say([(await incoming).callType]);

  const rejected = heard(john, "call:rejected");
  jane.emit("call:reject", {
    roomName: "room_123_456_1638360060",
    userId: 456,
  });
  await rejected;
  say(["Call was rejected"]);
}

async function group() {
  const incoming = heard(jane, "group_call:incoming");
  john.emit("call:initiate", {
    fromId: 123,
    groupId: 789,
    callType: "video",
    roomName: "group_789_1638360000",
    sdpOffer: { type: "offer", sdp: "v=0" },
  });
  {
    const data = await incoming;
    say([data.groupId, data.initiatorName, data.callType]);
  }

  const joined = heard(john, "user:joined_call");
  jane.emit("call:join_room", {
    roomName: "group_789_1638360000",
    userId: 456,
  });
  say([`${(await joined).userId} joined`]);

  const changed = heard(john, "user:media_changed");
  jane.emit("call:toggle_media", {
    roomName: "group_789_1638360000",
    userId: 456,
    audio: false,
    video: true,
  });
  const data = await changed;
  say([`User ${data.userId}: audio=${data.audio}, video=${data.video}`]);

  const left = heard(john, "user:left_call");
  jane.emit("call:end", { roomName: "group_789_1638360000", userId: 456, reason: "completed" });
  await left;
  john.emit("call:end", { roomName: "group_789_1638360000", userId: 123, reason: "completed" });
}

// The documents know of no answer to `call:register`: whoever watches says when both are there.
createInterface({ input: process.stdin }).once("line", async () => {
  await call();
  await declined();
  await group();
  process.exit(0);
});
