// A call under virtual time: what happens is written down by the test, what it asks of the outside is looked at.
import { deadline, reduce } from "../src/calls/reduce";
import type { CallEvent, CallState, Effect, ServerMessage } from "../src/calls/state";
import type { FromPeer } from "../src/calls/wire";
import type { Participant, RoomState, StreamPlace, Topology } from "../src/protocol";

/** A description with a certificate of its own. */
export const sdp = (session: string, version = 1): string => `v=0\r\no=- ${version}\r\na=fingerprint:sha-256 ${session}\r\n`;

/** One call, its clock, and what it asked for. */
export class World {
  call: CallState;
  now = 1_000_000;
  asked: Effect[] = [];

  constructor(call: CallState) {
    this.call = call;
  }

  /** Something happens; what it leads to, in short words. */
  does(event: CallEvent): string[] {
    const [call, effects] = reduce(this.call, event, this.now);
    this.call = call;
    this.asked.push(...effects);
    return effects.map(words);
  }

  /** The clock goes to the next moment at which something is due, and again, for so long. */
  passes(milliseconds: number): string[] {
    const end = this.now + milliseconds;
    const all: string[] = [];
    for (let next = deadline(this.call); next <= end; next = deadline(this.call)) {
      this.now = Math.max(this.now, next);
      const done = this.does({ event: "tick" });
      all.push(...done);
      if (deadline(this.call) <= this.now && done.length === 0) throw new Error("the rules turn in a circle");
    }
    this.now = end;
    return all;
  }

  hears(message: ServerMessage): string[] {
    return this.does({ event: "server", message });
  }

  peer(to: number, from: FromPeer): string[] {
    return this.does({ event: "peer", to, build: this.call.wires[to]?.build ?? 0, from });
  }

  answers(what: Extract<CallEvent, { event: "acked" }>["what"], answer: unknown = {}): string[] {
    return this.does({ event: "acked", what, isAgain: false, id: null, outcome: { is: "ok", answer } });
  }

  refuses(what: Extract<CallEvent, { event: "acked" }>["what"], code: "not_found" | "room_full" | "expired"): string[] {
    return this.does({ event: "acked", what, isAgain: false, id: null, outcome: { is: "refused", code } });
  }

  /** The media server's connection is there, and everybody's voice comes in it. */
  isServed(users: number[]): string[] {
    const words = [...this.peer(0, { said: "offerMade", sdp: sdp("ours") })];
    const sdpAnswer = sdp("server");
    words.push(...this.hears({ name: "call:renegotiate", payload: { roomName: "r", fromUserId: 0, sdpAnswer } }));
    words.push(...this.peer(0, { said: "answerApplied" }), ...this.peer(0, { said: "up" }));
    const streams = users.map((userId, n): StreamPlace => ({ mid: `a${n}`, userId, kind: "audio" }));
    words.push(...this.hears({ name: "call:streams", payload: { roomName: "r", streams } }));
    return words;
  }
}

/** The state of the room `r`, with these people in it. */
export function room(topology: Topology, users: number[], more: Partial<RoomState> = {}): RoomState {
  const participants = users.map((userId, n): Participant => {
    return { userId, userName: `User ${userId}`, avatar: null, audio: true, video: false, joinedAt: n };
  });
  return { roomName: "r", callId: null, callType: "video", topology, participants, startedAt: 1, iceServers: [], ...more };
}

function words(effect: Effect): string {
  if (effect.effect === "ask") {
    const { name, payload } = effect.ask;
    const to = "toUserId" in payload ? ` ${payload.toUserId}` : "";
    const kind = "sdpOffer" in payload && payload.sdpOffer ? " offer" : "sdpAnswer" in payload ? " answer" : "";
    return `${name}${to}${kind}`;
  }
  const { to, build, order } = effect;
  return `${order.order}${order.order === "makeOffer" && order.restart ? " restart" : ""} ${to}#${build}`;
}
