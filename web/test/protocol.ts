// What the types of the protocol must allow and must refuse. Nothing runs here: that it compiles is the test.
import type { Socket } from "socket.io-client";
import type { Ack, CallType, ClientEvents, EndedReason, ErrorCode, Registered, ServerEvents } from "../src/protocol";

declare const socket: Socket<ServerEvents, ClientEvents>;
declare const peer: RTCPeerConnection;
declare function show(text: string): void;

export async function a_call_is_answered_with_what_the_browser_makes_and_takes() {
  socket.on("call:incoming", async (call) => {
    const type: CallType = call.callType;
    show(`${call.fromName} ${type} ${call.eventId ?? 0} ${call.fromAvatar ?? ""}`);
    peer.setConfiguration({ iceServers: call.iceServers });
    if (typeof call.sdpOffer !== "string") await peer.setRemoteDescription(call.sdpOffer);
    const answer = await peer.createAnswer();
    const sdpAnswer = { type: answer.type, sdp: answer.sdp ?? "" };
    socket.emit("call:accept", { roomName: call.roomName, userId: call.toId, sdpAnswer }, (ack) => {
      if (ack.ok) show(`since ${ack.startedAt}`);
      else show(ack.error.message);
    });
  });
  peer.onicecandidate = ({ candidate }) => {
    if (!candidate) return;
    const { sdpMid, sdpMLineIndex } = candidate;
    const path = { roomName: "r", fromUserId: 1, toUserId: 2, candidate: candidate.toJSON(), sdpMid, sdpMLineIndex };
    socket.emit("ice:candidate", path, () => {});
  };
  socket.on("ice:candidate", async ({ candidate }) => {
    await peer.addIceCandidate(typeof candidate === "string" ? { candidate } : candidate);
  });
}

export async function an_answer_is_of_its_event_and_has_to_be_looked_at() {
  const ack: Ack<Registered> = await socket.timeout(5000).emitWithAck("call:register", { userId: 1 });
  // @ts-expect-error a refusal has no `pending`
  ack.pending;
  if (ack.ok) ack.pending.forEach((call) => show(call.fromName));
  else show(why(ack.error.code));

  const state = await socket.emitWithAck("call:resume", { roomName: "r", userId: 1, lastEventId: 7 });
  if (state.ok) show(state.participants.map((participant) => participant.userName).join());
}

export function a_call_has_one_target() {
  const common = { fromId: 1, callType: "audio", roomName: "r" } as const;
  const done = () => {};
  socket.emit("call:initiate", { ...common, toId: 2, sdpOffer: "v=0" }, done);
  socket.emit("call:initiate", { ...common, groupId: 3 }, done);
  // @ts-expect-error no target
  socket.emit("call:initiate", common, done);
  // @ts-expect-error a user is called with an offer
  socket.emit("call:initiate", { ...common, toId: 2 }, done);
  // @ts-expect-error two targets
  socket.emit("call:initiate", { ...common, toId: 2, groupId: 3, sdpOffer: "v=0" }, done);
  // @ts-expect-error a new description is an offer or an answer
  socket.emit("call:renegotiate", { roomName: "r", toUserId: 0 }, done);
}

export function what_is_misspelt_does_not_compile() {
  // @ts-expect-error no such event
  socket.on("call:incomming", () => {});
  // @ts-expect-error no such field
  socket.on("call:ended", (end) => show(end.cause));
  // @ts-expect-error ids are numbers
  socket.emit("call:register", { userId: "1" }, () => {});
  // @ts-expect-error not a type of call
  socket.emit("call:initiate", { fromId: 1, toId: 2, callType: "hologram", roomName: "r", sdpOffer: "" }, () => {});
}

/** A `switch` without a default compiles as long as it knows every word. */
export function ending(reason: EndedReason): string {
  switch (reason) {
    case "completed":
    case "cancelled":
    case "failed":
      return "ended";
    case "missed":
    case "timeout":
      return "nobody answered";
    case "answered_elsewhere":
    case "declined_elsewhere":
    case "busy_elsewhere":
      return "handled on another device";
    case "server_shutdown":
      return "the server stopped";
    case "removed":
      return "the host closed the door";
  }
}

function why(code: ErrorCode): string {
  return code === "recipient_offline" ? "not reachable" : code;
}
