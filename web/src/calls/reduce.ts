// The rules of one call: (state, event, time) -> (state, effects). Nothing here reads a clock or does I/O.
import type { Accepted, Initiated, Registered, RoomState } from "../protocol";
import { keepServers, peerSaid, roomIs, show, told } from "./room";
import {
  newCall,
  newPerson,
  type Ask,
  type Beginning,
  type CallEvent,
  type CallState,
  type Effect,
  type EndReason,
  type HostOrder,
  type Outcome,
  type What,
} from "./state";
import { TIMES } from "./times";
import {
  around,
  ask,
  askAccept,
  askInitiate,
  askToJoin,
  begin,
  beginTalking,
  dialUntil,
  end,
  grant,
  isCrowd,
  isIn,
  isLive,
  isUp,
  offerTo,
  onWire,
  sendOutbox,
  tellMedia,
  type Turn,
} from "./turn";
import { isStraight, settleWay, wayDeadline } from "./way";
import { expectMedia, lineIsBack, networkChanged, offered, refused, tick, wireDeadline } from "./wire";

/** A louder one than this speaks; where nobody tells us, that is for us to say. */
const SPEAKS = 0.03;

/** The large picture does not change more often. */
const DOMINANT_FOR = 1500;

/** A call that is about to be dialled. */
export function toDial(beginning: Beginning, now: number): CallState {
  return newCall(beginning, { is: "dialing", until: dialUntil(now), offer: null });
}

/** A room that is about to be joined. */
export function toJoin(beginning: Beginning): CallState {
  return newCall(beginning, { is: "joining" });
}

/** A call that rings here. */
export function thatRings(beginning: Beginning, offer: string | null, until: number): CallState {
  return newCall(beginning, { is: "ringing", until, offer, early: [] });
}

/** Takes one event and returns what it asks of the outside, in order. */
export function reduce(state: CallState, event: CallEvent, now: number): [CallState, Effect[]] {
  const turn = begin(state, now);
  handle(turn, event);
  settleWay(turn);
  return [turn.call, turn.out];
}

/** When the rules want to be woken. */
export function deadline(call: CallState): number {
  const { phase } = call;
  if (!isLive(call)) return Infinity;
  const own = "until" in phase ? phase.until : Infinity;
  return Math.min(own, wayDeadline(call), ...Object.values(call.wires).map(wireDeadline));
}

function handle(turn: Turn, event: CallEvent): void {
  const { call, now } = turn;
  switch (event.event) {
    case "dial":
      if (call.kind.is === "pair") {
        const { with: callee } = call.kind;
        // What they switch off they tell; that they come as they were called they do not.
        call.people[callee] = { ...newPerson(callee, "", null, now), video: call.wantsVideo };
        offerTo(turn, callee, false);
      } else askInitiate(turn, false);
      break;
    case "join":
      askToJoin(turn, false);
      break;
    case "accept":
      accept(turn);
      break;
    case "reject": {
      if (call.phase.is !== "ringing") break;
      const { room: roomName, me: userId } = call;
      const reason = event.isBusy ? "busy" : "declined";
      ask(turn, "say", { name: "call:reject", payload: { roomName, userId, reason } });
      end(turn, "declined", null);
      break;
    }
    case "hangUp": {
      const isEarly = call.phase.is === "dialing" || (call.phase.is === "calling" && !isCrowd(call));
      end(turn, "left", isEarly ? "cancelled" : "completed");
      break;
    }
    case "setMedia":
      Object.assign(call.mine, event.media);
      if (isIn(call)) tellMedia(turn);
      break;
    case "raiseHand": {
      if (!isIn(call) || (call.mine.handRaisedAt !== null) === event.isUp) break;
      call.mine.handRaisedAt = event.isUp ? now : null;
      const payload = { roomName: call.room, userId: call.me, raised: event.isUp };
      ask(turn, "say", { name: "call:raise_hand", payload });
      break;
    }
    case "react": {
      const { reaction, messageId } = event;
      const payload = { roomName: call.room, userId: call.me, reaction, messageId };
      ask(turn, "say", { name: "call:react", payload });
      show(turn, call.me, reaction);
      break;
    }
    case "chat":
      chat(turn, event.text, event.messageId);
      break;
    case "host":
      decide(turn, event.order);
      break;
    case "looks":
      call.looks = event.looks;
      break;
    case "levels":
      listen(turn, event.levels);
      break;
    case "line":
      line(turn, event.isUp, event.servers);
      break;
    case "network":
      for (const to of Object.keys(call.wires).map(Number)) onWire(turn, to, networkChanged);
      break;
    case "server":
      hear(turn, event.message);
      break;
    case "acked":
      acked(turn, event.what, event.outcome, event.isAgain, event.id);
      break;
    case "peer":
      peerSaid(turn, event.to, event.build, event.from);
      break;
    case "tick":
      ticked(turn);
  }
}

function accept(turn: Turn): void {
  const { call, now } = turn;
  const { phase, kind } = call;
  if (phase.is !== "ringing") return;
  if (kind.is !== "pair" || phase.offer === null) {
    call.phase = { is: "joining" };
    askToJoin(turn, false);
    return;
  }
  call.phase = { is: "answering", until: now + TIMES.answer, answer: null };
  const [wire, wishes] = offered(call.servers, phase.offer, call.closed[kind.with] ?? null);
  call.wires[kind.with] = wire;
  expectMedia(wire, now);
  grant(turn, kind.with, wishes);
  for (const candidate of phase.early) {
    grant(turn, kind.with, [{ wish: "order", build: wire.build, order: { order: "takeCandidate", candidate } }]);
  }
}

function chat(turn: Turn, text: string, id: string): void {
  const { call, now } = turn;
  const { room: roomName, me: userId } = call;
  const before = call.chat.filter((line) => line.id !== id);
  call.chat = [...before, { id, user: userId, name: "", text, sentAt: now, status: "sending" }];
  ask(turn, "chat", { name: "call:chat", payload: { roomName, userId, messageId: id, text } }, { id });
}

function decide(turn: Turn, order: HostOrder): void {
  const { call } = turn;
  const { room: roomName } = call;
  const say = (question: Ask): void => ask(turn, "say", question);
  switch (order.do) {
    case "mute":
      say({ name: "call:mute", payload: { roomName, toUserId: order.user } });
      break;
    case "remove":
      say({ name: "call:remove", payload: { roomName, toUserId: order.user } });
      break;
    case "lock":
      say({ name: "call:lock", payload: { roomName, locked: order.isLocked } });
      call.isLocked = order.isLocked;
      break;
    case "waitingRoom":
      say({ name: "call:waiting_room", payload: { roomName, on: order.isOn } });
      call.hasWaitingRoom = order.isOn;
      break;
    case "admit":
      say({ name: "call:admit", payload: { roomName, toUserId: order.user, admitted: order.isAdmitted } });
      call.waiting = call.waiting.filter(({ userId }) => userId !== order.user);
  }
}

/** Where no media server says who speaks, we listen ourselves. */
function listen(turn: Turn, levels: Record<number, number>): void {
  const { call, now } = turn;
  if (!isStraight(call) || call.phase.is !== "talking") return;
  call.loudness = levels;
  const [loudest] = Object.entries(levels).sort(([, a], [, b]) => b - a);
  if (!loudest || loudest[1] < SPEAKS || Number(loudest[0]) === call.dominant) return;
  if (now < call.dominantSince + DOMINANT_FOR) return;
  [call.dominant, call.dominantSince] = [Number(loudest[0]), now];
}

/** The line is there, and the answer did not come. */
function askAgain(turn: Turn, what: What): void {
  switch (what) {
    case "initiate":
      return askInitiate(turn, true);
    case "accept":
      return askAccept(turn, true);
    case "join":
      return askToJoin(turn, true);
    case "resume":
      return resume(turn);
    // Offers are made again in their own time, and the rest is no loss.
    case "offer":
    case "look":
    case "chat":
    case "say":
  }
}

/** The connection to the server came or went. */
function line(turn: Turn, isUp: boolean, servers: Registered["iceServers"] | null): void {
  const { call } = turn;
  const cameBack = isUp && !call.isLineUp;
  call.isLineUp = isUp;
  if (servers) keepServers(turn, servers);
  if (!cameBack || !isLive(call)) return;
  switch (call.phase.is) {
    case "dialing":
      askInitiate(turn, true);
      break;
    case "answering":
      askAccept(turn, true);
      break;
    case "joining":
    case "atTheDoor":
      askToJoin(turn, true);
      break;
    case "calling":
    case "talking":
      resume(turn);
      break;
    case "ringing":
    case "ended":
      break;
  }
  for (const to of Object.keys(call.wires).map(Number)) onWire(turn, to, lineIsBack);
}

function resume(turn: Turn): void {
  const { room: roomName, me: userId, heard } = turn.call;
  ask(turn, "resume", { name: "call:resume", payload: { roomName, userId, lastEventId: heard } });
}

function hear(turn: Turn, message: Extract<CallEvent, { event: "server" }>["message"]): void {
  const { call } = turn;
  const { payload } = message;
  if ("eventId" in payload && payload.eventId !== undefined) {
    call.heard = Math.max(call.heard ?? 0, payload.eventId);
  }
  if (isLive(call)) told(turn, message);
}

function acked(turn: Turn, what: What, outcome: Outcome, isAgain: boolean, id: string | null): void {
  const { call } = turn;
  if (what === "chat") {
    const status = outcome.is === "ok" ? ("sent" as const) : ("failed" as const);
    call.chat = call.chat.map((line) => (line.id === id ? { ...line, status } : line));
  }
  if (!isLive(call)) return;
  if (outcome.is === "lost") {
    // Otherwise it is asked again when the line is back.
    if (call.isLineUp) askAgain(turn, what);
    return;
  }
  const isGood = outcome.is === "ok";
  switch (what) {
    case "initiate":
      if (!isGood) return end(turn, why(call, outcome.code), null);
      initiated(turn, outcome.answer as Initiated);
      break;
    case "accept": {
      if (!isGood) return end(turn, late(outcome.code), null);
      const { iceServers, startedAt } = outcome.answer as Accepted;
      keepServers(turn, iceServers);
      call.startedAt = startedAt;
      sendOutbox(turn);
      beginTalking(turn);
      tellMedia(turn);
      break;
    }
    case "join":
      if (!isGood) return end(turn, outcome.code, null);
      roomIs(turn, outcome.answer as RoomState, true);
      break;
    case "look":
    case "resume":
      if (isGood) roomIs(turn, outcome.answer as RoomState, false);
      else if (what === "resume") notResumed(turn, outcome.code);
      break;
    case "offer":
      if (!isGood) onWire(turn, 0, (wire, around) => (refused(wire, around), []));
      break;
    case "chat":
    case "say":
      break;
  }
  const cameIn = what === "initiate" || what === "accept" || what === "join";
  // We were in it before the line broke, and cannot know what it told then.
  if (cameIn && isGood && isAgain && isIn(call)) resume(turn);
}

function why(call: CallState, code: EndReason): EndReason {
  return code === "conflict" && call.kind.is === "group" ? "group_is_talking" : code;
}

function late(code: EndReason): EndReason {
  return code === "expired" || code === "not_found" ? "missed" : code;
}

function initiated(turn: Turn, answer: Initiated): void {
  const { call } = turn;
  if (answer.replacedBy !== undefined) return end(turn, "replaced", null);
  keepServers(turn, answer.iceServers);
  if (call.phase.is !== "dialing") return;
  call.phase = { is: "calling", until: call.phase.until, devices: answer.devices };
  sendOutbox(turn);
  const { room: roomName, me: userId } = call;
  // A call that rings says nothing of names; the room's state does.
  ask(turn, "look", { name: "call:resume", payload: { roomName, userId, lastEventId: call.heard } });
}

/** The server does not give us our call back. */
function notResumed(turn: Turn, code: EndReason): void {
  const { call } = turn;
  switch (code) {
    case "not_found":
    case "conflict":
      // A server that was killed forgot an open room. Its name opens it again.
      if (call.kind.is === "room") {
        call.heard = null;
        askToJoin(turn, false);
      } else if (code === "not_found" && Object.values(call.wires).some(isUp)) {
        // Those in it still hear each other: nobody is cut off in the middle of a word.
        call.isAdrift = true;
      } else end(turn, "we_lost_connection", null);
      break;
    case "expired":
      end(turn, "we_lost_connection", null);
      break;
    case "already_answered":
      end(turn, "elsewhere", null);
      break;
    case "forbidden":
      end(turn, "forbidden", null);
      break;
    // It cannot now. The next reconnect asks again; media is not touched.
    default:
  }
}

function ticked(turn: Turn): void {
  const { call, now } = turn;
  const { phase } = call;
  if (!isLive(call)) return;
  if ("until" in phase && now >= phase.until) {
    const isRinging = phase.is === "ringing";
    return end(turn, isRinging ? "missed" : "timeout", isRinging ? null : "failed");
  }
  for (const to of Object.keys(call.wires).map(Number)) {
    const wire = call.wires[to];
    if (wire) grant(turn, to, tick(wire, around(turn)));
  }
}
