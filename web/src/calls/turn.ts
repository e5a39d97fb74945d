// One turn of the rules: the state as it changes, and what it asks of the outside, in order.
import type { Recipient, UserId } from "../protocol";
import { MEDIA_SERVER, type Ask, type CallState, type Effect, type EndReason, type What } from "./state";
import { TIMES } from "./times";
import { closing, expectMedia, leave, offering, pathOf, toServer, type Around, type Wire, type Wish } from "./wire";

/** A copy of the state that may be changed, and what comes of it. */
export interface Turn {
  now: number;
  call: CallState;
  out: Effect[];
}

/** Begins a turn. What is changed in place is copied; all else is replaced by whoever changes it. */
export function begin(state: CallState, now: number): Turn {
  const copied = <T extends object>(all: Record<number, T>): Record<number, T> =>
    Object.fromEntries(Object.entries(all).map(([key, one]) => [key, { ...one }]));
  const call = {
    ...state,
    people: copied(state.people),
    wires: copied(state.wires),
    closed: { ...state.closed },
    mine: { ...state.mine },
  };
  return { now, call, out: [] };
}

export const around = ({ now, call }: Turn): Around => ({ now, isLineUp: call.isLineUp });

/** Who else is in it, in the order in which they came. */
export function others(call: CallState): UserId[] {
  return Object.values(call.people)
    .sort((a, b) => a.joinedAt - b.joinedAt || a.user - b.user)
    .map(({ user }) => user);
}

export const isLive = (call: CallState): boolean => call.phase.is !== "ended";

/** The person wants this call: they dialled, joined or answered. */
export const isWanted = (call: CallState): boolean => isLive(call) && call.phase.is !== "ringing";

export const isCrowd = (call: CallState): boolean => call.kind.is !== "pair";

export const isUp = (wire: Wire | undefined): boolean => wire !== undefined && pathOf(wire) === "up";

/** Whether the server has us in the room. */
export const isIn = ({ phase }: CallState): boolean => phase.is === "calling" || phase.is === "talking";

export function ask(turn: Turn, what: What, question: Ask, { isAgain = false, id = null as string | null } = {}): void {
  turn.out.push({ effect: "ask", what, isAgain, id, ask: question });
}

/** Carries out what a wire wishes for. */
export function grant(turn: Turn, to: Recipient, wishes: Wish[]): void {
  const { call } = turn;
  const roomName = call.room;
  const isOfPair = call.kind.is === "pair";
  for (const wish of wishes) {
    switch (wish.wish) {
      case "order":
        turn.out.push({ effect: "peer", to, build: wish.build, order: wish.order });
        break;
      case "offer":
        if (isOfPair && call.phase.is === "dialing") {
          call.phase = { ...call.phase, offer: wish.sdp };
          askInitiate(turn, false);
        } else {
          const sdpOffer = { type: "offer", sdp: wish.sdp } as const;
          const payload = { roomName, toUserId: to, sdpOffer };
          ask(turn, to === MEDIA_SERVER ? "offer" : "say", { name: "call:renegotiate", payload });
        }
        break;
      case "answer":
        if (isOfPair && call.phase.is === "answering") {
          call.phase = { ...call.phase, answer: wish.sdp };
          askAccept(turn, false);
        } else {
          const sdpAnswer = { type: "answer", sdp: wish.sdp } as const;
          ask(turn, "say", { name: "call:renegotiate", payload: { roomName, toUserId: to, sdpAnswer } });
        }
        break;
      case "candidate":
        // The media server sees where our checks come from.
        if (to === MEDIA_SERVER) break;
        if (isOfPair && (call.phase.is === "dialing" || call.phase.is === "answering")) {
          call.outbox = [...call.outbox, wish.candidate];
        } else {
          const payload = { roomName, fromUserId: call.me, toUserId: to, candidate: wish.candidate };
          ask(turn, "say", { name: "ice:candidate", payload });
        }
        break;
      case "giveUp":
        gaveUp(turn, to, wish.why);
    }
  }
}

/** What waited for the server to know the call. */
export function sendOutbox(turn: Turn): void {
  const { call } = turn;
  if (call.kind.is !== "pair") return;
  const { room: roomName, me: fromUserId } = call;
  const toUserId = call.kind.with;
  for (const candidate of call.outbox) {
    ask(turn, "say", { name: "ice:candidate", payload: { roomName, fromUserId, toUserId, candidate } });
  }
  call.outbox = [];
}

function gaveUp(turn: Turn, to: Recipient, why: EndReason): void {
  const { call } = turn;
  if (call.kind.is === "pair" || to === MEDIA_SERVER) return end(turn, why, "failed");
  // One straight connection of many: whoever offered it tries again.
  const isOurs = call.wires[to]?.isPolite === false;
  closeWire(turn, to);
  if (isOurs) offerTo(turn, to, false);
}

/** Offers a straight connection, if there is none. */
export function offerTo(turn: Turn, user: UserId, isPolite: boolean): void {
  const { call } = turn;
  if (!call.people[user] || call.wires[user]) return;
  const [wire, wishes] = offering(call.servers, isPolite, call.closed[user] ?? null);
  call.wires[user] = wire;
  if (call.phase.is !== "dialing") expectMedia(wire, turn.now);
  grant(turn, user, wishes);
}

/** Begins the connection to the media server, if there is none. */
export function connectToServer(turn: Turn): void {
  const { call } = turn;
  if (call.wires[MEDIA_SERVER]) return;
  const [wire, wishes] = toServer(around(turn), call.servers, call.closed[MEDIA_SERVER] ?? null);
  call.wires[MEDIA_SERVER] = wire;
  grant(turn, MEDIA_SERVER, wishes);
}

/** Ends the connection to somebody, if there is one. */
export function closeWire(turn: Turn, to: Recipient): void {
  const { call } = turn;
  const wire = call.wires[to];
  if (!wire) return;
  call.closed[to] = leave(wire);
  delete call.wires[to];
  // Another one says it anew; until then, everything.
  if (to === MEDIA_SERVER) call.wanted = null;
  grant(turn, to, [closing(wire)]);
}

export function closeWires(turn: Turn): void {
  const { call } = turn;
  for (const to of Object.keys(call.wires)) closeWire(turn, Number(to));
  [call.way, call.streams, call.told] = [{ is: "straight" }, [], null];
  [call.dominant, call.loudness] = [null, {}];
}

/** Has a wire do something, if there is one. */
export function onWire(turn: Turn, to: Recipient, act: (wire: Wire, around: Around) => Wish[]): void {
  const wire = turn.call.wires[to];
  if (wire) grant(turn, to, act(wire, around(turn)));
}

/** Both want it from now on. */
export function beginTalking(turn: Turn): void {
  const { call, now } = turn;
  if (call.phase.is !== "talking") call.phase = { is: "talking", since: now };
  for (const wire of Object.values(call.wires)) expectMedia(wire, now);
}

/** Ends a call here, and tells the server if it does not know yet. */
export function end(turn: Turn, reason: EndReason, tell: "completed" | "cancelled" | "failed" | null): void {
  const { call, now } = turn;
  if (!isLive(call)) return;
  const lasted = call.phase.is === "talking" ? now - call.phase.since : 0;
  closeWires(turn);
  call.phase = { is: "ended", reason, lasted };
  if (tell === null) return;
  const { room: roomName, me: userId } = call;
  const question: Ask =
    call.kind.is === "pair"
      ? { name: "call:end", payload: { roomName, userId, reason: tell } }
      : { name: "call:leave_room", payload: { roomName, userId } };
  ask(turn, "say", question);
}

export function askInitiate(turn: Turn, isAgain: boolean): void {
  const { call } = turn;
  const { me: fromId, room: roomName, kind, phase } = call;
  const common = { fromId, roomName, callType: call.wantsVideo ? "video" : "audio" } as const;
  if (kind.is === "group") {
    ask(turn, "initiate", { name: "call:initiate", payload: { ...common, groupId: kind.group } }, { isAgain });
  } else if (kind.is === "pair" && phase.is === "dialing" && phase.offer !== null) {
    const sdpOffer = { type: "offer", sdp: phase.offer } as const;
    ask(turn, "initiate", { name: "call:initiate", payload: { ...common, toId: kind.with, sdpOffer } }, { isAgain });
  }
}

export function askAccept(turn: Turn, isAgain: boolean): void {
  const { room: roomName, me: userId, phase } = turn.call;
  if (phase.is !== "answering" || phase.answer === null) return;
  const sdpAnswer = { type: "answer", sdp: phase.answer } as const;
  ask(turn, "accept", { name: "call:accept", payload: { roomName, userId, sdpAnswer } }, { isAgain });
}

export function askToJoin(turn: Turn, isAgain: boolean): void {
  const { room: roomName, me: userId, mine } = turn.call;
  const payload = { roomName, userId, audio: mine.audio, video: mine.video };
  ask(turn, "join", { name: "call:join_room", payload }, { isAgain });
}

/** Tells what is on here. */
export function tellMedia(turn: Turn): void {
  const { room: roomName, me: userId, mine } = turn.call;
  const { audio, video, screen } = mine;
  ask(turn, "say", { name: "call:toggle_media", payload: { roomName, userId, audio, video, screen } });
}

export const dialUntil = (now: number): number => now + TIMES.dial;
