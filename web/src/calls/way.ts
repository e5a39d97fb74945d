// Which way the media of a room goes: straight between every two, or through the media server.
//
// The server says which, and a move overlaps, as in `core/machine/src/way.rs`. To the media server: straight
// connections stay until those at their other end are heard through it, and a little longer, since they have to hear us,
// too. Back: the connection to it stays until there is one to everybody.
import type { Topology, UserId } from "../protocol";
import { MEDIA_SERVER, type CallState } from "./state";
import { SUBSCRIBE_EVERY, TIMES } from "./times";
import { ask, closeWire, connectToServer, isLive, isUp, isWanted, offerTo, others, type Turn } from "./turn";

/** Whether somebody's voice comes through the media server. */
export function isHeardByServer(call: CallState, user: UserId): boolean {
  const hasPlace = call.streams.some(({ userId, kind }) => userId === user && kind === "audio");
  return hasPlace && isUp(call.wires[MEDIA_SERVER]);
}

/** Whether straight connections are wanted now. */
export function isStraight({ way }: CallState): boolean {
  return way.is === "straight" || way.is === "toStraight";
}

/** The server says which way the room goes. `earlier` came before us, so straight connections to them are ours to offer. */
export function goes(turn: Turn, topology: Topology, earlier: UserId[]): void {
  const { call, now } = turn;
  if (!isWanted(call)) return;
  if (topology === "sfu") {
    if (!isStraight(call)) return;
    call.way = { is: "toServer", since: now };
    connectToServer(turn);
  } else if (!isStraight(call)) {
    call.way = { is: "toStraight", until: now + TIMES.move_within };
    for (const person of Object.values(call.people)) person.heardSince = null;
    for (const user of earlier) offerTo(turn, user, false);
  }
}

/** When something of the way is due. */
export function wayDeadline(call: CallState): number {
  return Math.min(moveDeadline(call), untold(call) && call.isLineUp ? call.toldUntil : Infinity);
}

function moveDeadline(call: CallState): number {
  const { way } = call;
  switch (way.is) {
    case "straight":
    case "byServer":
      return Infinity;
    case "toStraight":
      return way.until;
    case "toServer": {
      // Otherwise it is looked at when the media server is there.
      if (!isUp(call.wires[MEDIA_SERVER])) return Infinity;
      const straight = others(call).filter((user) => call.wires[user]);
      const since = straight.map((user) => call.people[user]?.heardSince ?? Infinity);
      return Math.min(way.since + TIMES.move_within, ...since.map((at) => at + TIMES.move_overlap));
    }
  }
}

/** Whatever happened: ends what is left of a former way, when its time has come, and says what is looked at. */
export function settleWay(turn: Turn): void {
  const { call, now } = turn;
  if (!isLive(call)) return;
  switch (call.way.is) {
    case "straight":
    case "byServer":
      break;
    case "toServer":
      settleToServer(turn, call.way.since);
      break;
    case "toStraight": {
      const isThere = others(call).every((user) => isUp(call.wires[user]));
      if (isThere || now >= call.way.until || !isUp(call.wires[MEDIA_SERVER])) {
        call.way = { is: "straight" };
        [call.streams, call.told, call.loudness] = [[], null, {}];
        closeWire(turn, MEDIA_SERVER);
      }
    }
  }
  tellLooks(turn);
}

function settleToServer(turn: Turn, since: number): void {
  const { call, now } = turn;
  if (!isUp(call.wires[MEDIA_SERVER])) return;
  const isLate = now >= since + TIMES.move_within;
  for (const person of Object.values(call.people)) {
    const isHeard = isHeardByServer(call, person.user);
    person.heardSince = isHeard ? (person.heardSince ?? now) : null;
    const hasOverlapped = person.heardSince !== null && now >= person.heardSince + TIMES.move_overlap;
    if (isLate || hasOverlapped) closeWire(turn, person.user);
  }
  if (others(call).every((user) => !call.wires[user])) {
    call.way = { is: "byServer" };
    for (const person of Object.values(call.people)) person.heardSince = null;
  }
}

/** Whether the media server does not know what is looked at. */
function untold(call: CallState): boolean {
  const wire = call.wires[MEDIA_SERVER];
  if (!wire || !isUp(wire) || call.looks === null) return false;
  return call.told?.build !== wire.build || call.told.looks !== call.looks;
}

function tellLooks(turn: Turn): void {
  const { call, now } = turn;
  const wire = call.wires[MEDIA_SERVER];
  if (!wire || !call.isLineUp || now < call.toldUntil || !untold(call) || call.looks === null) return;
  call.told = { build: wire.build, looks: call.looks };
  call.toldUntil = now + SUBSCRIBE_EVERY;
  ask(turn, "say", { name: "call:subscribe", payload: { roomName: call.room, streams: call.looks } });
}
