// What the server tells of a call: who is in it, how they are reached, and what they do.
import type { Participant, RoomState, UserId } from "../protocol";
import { textOf } from "./sdp";
import { MEDIA_SERVER, newPerson, type CallState, type EndReason, type ServerMessage } from "./state";
import {
  around,
  beginTalking,
  closeWire,
  closeWires,
  end,
  grant,
  isCrowd,
  isWanted,
  offerTo,
  onWire,
  tellMedia,
  type Turn,
} from "./turn";
import { goes } from "./way";
import {
  expectMedia,
  forgotten,
  isLate,
  offered,
  refused,
  takeTheirAnswer,
  takeTheirOffer,
  heardFromPeer,
} from "./wire";

/** More lines of a chat than this are not kept: somebody left the page open over night. */
const MOST_LINES = 1000;

/** More reactions than this are not shown at once. */
const MOST_SHOWN = 30;

/** The server says something about this call. */
export function told(turn: Turn, message: ServerMessage): void {
  const { call, now } = turn;
  switch (message.name) {
    case "call:answer":
      answered(turn, message.payload.userId, textOf(message.payload.sdpAnswer));
      break;
    case "ice:candidate": {
      const { fromUserId, candidate } = message.payload;
      if (call.phase.is === "ringing") call.phase = { ...call.phase, early: [...call.phase.early, candidate] };
      const wire = call.wires[fromUserId];
      const order = { order: "takeCandidate", candidate } as const;
      if (wire) grant(turn, fromUserId, [{ wish: "order", build: wire.build, order }]);
      break;
    }
    case "call:ended":
      end(turn, ending(call, message.payload.reason, message.payload.replacedBy !== undefined), null);
      break;
    case "call:rejected":
      end(turn, message.payload.reason === "busy" ? "busy" : "declined", null);
      break;
    case "user:joined_call": {
      const { userId, userName, avatar, audio, video } = message.payload;
      if (!isCrowd(call) || userId === call.me) break;
      // They offer to everybody who is there: whoever comes later begins.
      closeWire(turn, userId);
      call.people[userId] = { ...newPerson(userId, userName, avatar, now), audio, video };
      if (call.phase.is === "calling") beginTalking(turn);
      break;
    }
    case "user:left_call": {
      const { userId, hostId } = message.payload;
      if (!isCrowd(call)) break;
      call.host = hostId ?? call.host;
      closeWire(turn, userId);
      delete call.people[userId];
      break;
    }
    case "user:media_changed": {
      const { userId, audio, video, screen } = message.payload;
      const person = call.people[userId];
      if (person) Object.assign(person, { audio, video, screen: screen ?? false });
      break;
    }
    case "user:reconnecting":
      away(call, message.payload.userId, true);
      break;
    case "user:reconnected":
      away(call, message.payload.userId, false);
      break;
    case "call:renegotiate":
      described(turn, message.payload);
      break;
    case "call:muted":
      if (message.payload.userId !== call.me) break;
      call.mine.audio = false;
      call.mutedByHost += 1;
      break;
    case "user:hand_changed": {
      const { userId, handRaisedAt = null } = message.payload;
      const person = call.people[userId];
      if (userId === call.me) call.mine.handRaisedAt = handRaisedAt;
      else if (person) person.handRaisedAt = handRaisedAt;
      break;
    }
    case "user:reacted":
      if (message.payload.userId !== call.me) show(turn, message.payload.userId, message.payload.reaction);
      break;
    case "call:chat": {
      const { messageId: id, userId: user, userName: name, text, sentAt } = message.payload;
      const others = call.chat.filter((line) => line.id !== id);
      call.chat = [...others, { id, user, name, text, sentAt, status: "sent" as const }].slice(-MOST_LINES);
      break;
    }
    case "call:room_changed":
      [call.isLocked, call.hasWaitingRoom] = [message.payload.locked, message.payload.waitingRoom];
      break;
    case "call:waiting":
      call.waiting = message.payload.waiting;
      break;
    case "call:speakers": {
      if (!call.wires[MEDIA_SERVER]) break;
      const { dominant, speakers } = message.payload;
      call.dominant = dominant;
      call.loudness = Object.fromEntries(speakers.map(({ userId, level }) => [userId, level]));
      break;
    }
    case "call:streams":
      if (call.wires[MEDIA_SERVER]) call.streams = message.payload.streams;
      break;
    case "call:wanted": {
      const { camera, screen } = message.payload;
      if (call.wires[MEDIA_SERVER]) call.wanted = { camera, screen };
      break;
    }
    case "call:room_state":
      // Whoever waited comes in by this.
      roomIs(turn, message.payload, call.phase.is === "atTheDoor" || call.phase.is === "joining");
      break;
    case "call:error":
      // Something that was said failed later than its acknowledgement: so the media server answers.
      if (message.payload.event !== "call:renegotiate") break;
      onWire(turn, MEDIA_SERVER, (wire, around) => {
        if (message.payload.code === "unavailable") return forgotten(wire, around);
        refused(wire, around);
        return [];
      });
      break;
    // Of no call, or what makes one.
    case "call:registered":
    case "call:incoming":
    case "group_call:incoming":
      break;
  }
}

/** Adds what somebody shows for a moment. */
export function show(turn: Turn, user: UserId, reaction: (typeof turn.call.shown)[number]["reaction"]): void {
  const { call, now } = turn;
  const id = (call.shown.at(-1)?.id ?? 0) + 1;
  call.shown = [...call.shown, { id, user, reaction, at: now }].slice(-MOST_SHOWN);
}

function ending(call: CallState, reason: string, isReplaced: boolean): EndReason {
  switch (reason) {
    case "removed":
      return call.phase.is === "atTheDoor" ? "not_let_in" : "removed";
    case "answered_elsewhere":
    case "declined_elsewhere":
    case "busy_elsewhere":
      return "elsewhere";
    case "cancelled":
      return isReplaced ? "replaced" : "cancelled";
    case "failed":
    case "missed":
    case "timeout":
    case "server_shutdown":
      return reason;
    // A word that we do not know is the plainest.
    default:
      return "completed";
  }
}

function away(call: CallState, user: UserId, isAway: boolean): void {
  const person = call.people[user];
  if (person) person.isAway = isAway;
}

/** The callee answered, or the media server what came with a join. */
function answered(turn: Turn, from: number, sdp: string): void {
  const { call } = turn;
  if (call.kind.is === "pair" && (call.phase.is === "calling" || call.phase.is === "dialing")) {
    call.startedAt ??= turn.now;
    beginTalking(turn);
  }
  onWire(turn, from, (wire, around) => takeTheirAnswer(wire, around, sdp));
}

function described(turn: Turn, message: Extract<ServerMessage, { name: "call:renegotiate" }>["payload"]): void {
  const { call } = turn;
  const { fromUserId: from, sdpOffer, sdpAnswer } = message;
  if (!isWanted(call)) return;
  if (sdpOffer === undefined) {
    onWire(turn, from, (wire, around) => takeTheirAnswer(wire, around, textOf(sdpAnswer)));
    return;
  }
  const sdp = textOf(sdpOffer);
  const isNew = from !== MEDIA_SERVER && !call.wires[from];
  if (!isNew) {
    onWire(turn, from, (wire, around) => takeTheirOffer(wire, around, sdp));
    return;
  }
  const former = call.closed[from] ?? null;
  // They have not heard yet that the room moved; or it is of a connection that we gave up.
  if (call.way.is === "byServer" || !call.people[from] || !isCrowd(call) || isLate(sdp, former?.session)) return;
  const [wire, wishes] = offered(call.servers, sdp, former);
  expectMedia(wire, turn.now);
  call.wires[from] = wire;
  grant(turn, from, wishes);
}

/** The room as the server knows it. Who comes in just now offers to everybody who is there. */
export function roomIs(turn: Turn, state: RoomState, comesIn: boolean): void {
  const { call } = turn;
  if (!isWanted(call)) return;
  keepServers(turn, state.iceServers);
  if (state.waiting === true) {
    call.phase = { is: "atTheDoor" };
    return;
  }
  call.host = state.hostId ?? null;
  [call.isLocked, call.hasWaitingRoom] = [state.locked ?? false, state.waitingRoom ?? false];
  call.startedAt = state.startedAt;
  const them = state.participants.filter(({ userId }) => userId !== call.me);
  const us = state.participants.find(({ userId }) => userId === call.me);
  call.mine.handRaisedAt = us?.handRaisedAt ?? null;
  for (const participant of them) seen(call, participant);
  if (!isCrowd(call)) {
    const isOurs = call.phase.is === "calling" || call.phase.is === "dialing";
    // Their answer follows; if the server forgot it, which takes a crash, the connection is tried again.
    if (isOurs && state.startedAt !== null) beginTalking(turn);
    correctMedia(turn, us);
    return;
  }
  if (comesIn) closeWires(turn);
  for (const user of Object.keys(call.people).map(Number)) {
    if (them.some(({ userId }) => userId === user)) continue;
    closeWire(turn, user);
    delete call.people[user];
  }
  // A group that is called talks when somebody came; an open room from the first one on.
  const isAlone = call.kind.is === "group" && them.length === 0;
  if (!(isAlone && (call.phase.is === "calling" || call.phase.is === "dialing"))) beginTalking(turn);
  if (comesIn && state.topology !== "sfu") {
    for (const { userId } of them) offerTo(turn, userId, false);
  }
  const ours = state.participants.findIndex(({ userId }) => userId === call.me);
  const earlier = ours < 0 ? state.participants : state.participants.slice(0, ours);
  goes(
    turn,
    state.topology,
    earlier.map(({ userId }) => userId),
  );
  correctMedia(turn, us);
}

function seen(call: CallState, participant: Participant): void {
  const { userId, userName, avatar, audio, video, screen, joinedAt, handRaisedAt } = participant;
  if (!isCrowd(call) && !call.people[userId]) return;
  const before = call.people[userId] ?? newPerson(userId, userName, avatar, joinedAt);
  call.people[userId] = {
    ...before,
    name: userName,
    avatar,
    audio,
    video,
    screen: screen ?? false,
    joinedAt,
    handRaisedAt: handRaisedAt ?? null,
  };
}

/** Says what is on here, if the server knows otherwise. */
function correctMedia(turn: Turn, us: Participant | undefined): void {
  const { mine } = turn.call;
  if (!us) return;
  const isKnown = us.audio === mine.audio && us.video === mine.video && (us.screen ?? false) === mine.screen;
  if (!isKnown) tellMedia(turn);
}

/** The servers' names and passwords are good for a while; the next connection that is built takes these. */
export function keepServers(turn: Turn, servers: CallState["servers"]): void {
  turn.call.servers = servers;
  for (const wire of Object.values(turn.call.wires)) wire.servers = servers;
}

/** A connection says something. Of one that was replaced meanwhile, nothing is heard. */
export function peerSaid(turn: Turn, to: number, build: number, from: Parameters<typeof heardFromPeer>[2]): void {
  const wire = turn.call.wires[to];
  if (wire?.build === build) grant(turn, to, heardFromPeer(wire, around(turn), from));
}
