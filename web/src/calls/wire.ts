// One connection to one other device, or to the media server: who offers when, and what is done when media stops.
//
// The same rules as in `core/machine/src/wire.rs`; `docs/reconnect.md` draws them. Nothing here reads a clock or does
// I/O: each function changes the wire that it is given, and returns what the wire wishes for.
import type { Candidate, IceServers } from "../protocol";
import { markOf, readMark, sessionOf, withMark } from "./sdp";
import { TIMES } from "./times";

/** How media gets to somebody. */
export type Path = "connecting" | "up" | "repairing";

/** Why a wire gives up. */
export type GiveUp = "no_path" | "they_lost_connection" | "we_lost_connection" | "their_fault" | "our_fault";

/** What a connection is told to do. */
export type PeerOrder =
  | { order: "create"; servers: IceServers; isPolite: boolean; isToServer: boolean }
  | { order: "makeOffer"; restart: boolean }
  | { order: "takeOffer"; sdp: string }
  | { order: "takeAnswer"; sdp: string }
  | { order: "takeCandidate"; candidate: Candidate }
  | { order: "rollBack" }
  | { order: "close" };

/** What a connection says. */
export type FromPeer =
  | { said: "offerMade"; sdp: string }
  | { said: "answerMade"; sdp: string }
  | { said: "answerApplied" }
  | { said: "candidate"; candidate: Candidate }
  | { said: "wantsToOffer" }
  | { said: "up" }
  | { said: "lost" }
  | { said: "closed" }
  | { said: "theirFault" }
  | { said: "ourFault" };

/** What a wire wants. */
export type Wish =
  | { wish: "order"; build: number; order: PeerOrder }
  | { wish: "offer"; sdp: string }
  | { wish: "answer"; sdp: string }
  | { wish: "candidate"; candidate: Candidate }
  | { wish: "giveUp"; why: GiveUp };

type Owed = "offer" | "restart";

/** Where offer and answer are. */
type Exchange =
  | { at: "settled" }
  | { at: "making"; restart: boolean }
  | { at: "offered"; restart: boolean; mark: string; again: number }
  | { at: "answering"; answers: number; mark: string }
  | { at: "applying"; next: string | null };

/** How media is. */
type Health =
  | { is: "waiting" }
  | { is: "connecting"; since: number; nextTry: number }
  | { is: "up" }
  | { is: "closed"; since: number }
  | { is: "lost"; since: number; nextTry: number; rebuilt: boolean };

/** One connection. All of it is replaced, never changed in place, but for the fields themselves. */
export interface Wire {
  build: number;
  /** Takes back its own offer when both offer, and lets the other side repair first. */
  isPolite: boolean;
  isToServer: boolean;
  /** No other build before this moment. */
  notBefore: number;
  /** The other side has forgotten this build: the next repair is another one. */
  isOver: boolean;
  exchange: Exchange;
  owed: Owed | null;
  health: Health;
  servers: IceServers;
  /** Which of their connections described itself last. */
  theirSession: string | null;
  /** The one before: what it says comes too late. */
  formerSession: string | null;
  /** Our latest answer, and to which offer. */
  answered: { mark: string; answer: string } | null;
}

/** What a wire may look at. */
export interface Around {
  now: number;
  /** Whether the server can be asked to pass something on now. */
  isLineUp: boolean;
}

/** What has to be remembered of a closed wire. */
export interface Former {
  build: number;
  session: string | null;
}

const SETTLED: Exchange = { at: "settled" };

function made(servers: IceServers, isPolite: boolean, former: Former | null, exchange: Exchange): Wire {
  return {
    build: former ? former.build + 1 : 0,
    isPolite,
    isToServer: false,
    notBefore: 0,
    isOver: false,
    exchange,
    owed: null,
    health: { is: "waiting" },
    servers,
    theirSession: null,
    formerSession: former?.session ?? null,
    answered: null,
  };
}

const ordered = (wire: Wire, order: PeerOrder): Wish => ({ wish: "order", build: wire.build, order });

const create = (wire: Wire): Wish => {
  const { servers, isPolite, isToServer } = wire;
  return ordered(wire, { order: "create", servers, isPolite, isToServer });
};

/** A connection that we offer. Who offers the first one is not the polite one. */
export function offering(servers: IceServers, isPolite: boolean, former: Former | null): [Wire, Wish[]] {
  const wire = made(servers, isPolite, former, { at: "making", restart: false });
  return [wire, [create(wire), ordered(wire, { order: "makeOffer", restart: false })]];
}

/** The connection to the media server. We begin it, and when both offer, its offer stands. */
export function toServer({ now }: Around, servers: IceServers, former: Former | null): [Wire, Wish[]] {
  const nobodys = former && { ...former, session: null };
  const wire = made(servers, true, nobodys, { at: "making", restart: false });
  [wire.isToServer, wire.notBefore] = [true, now + TIMES.restart_every];
  expectMedia(wire, now);
  return [wire, [create(wire), ordered(wire, { order: "makeOffer", restart: false })]];
}

/** A connection that they offered. */
export function offered(servers: IceServers, sdp: string, former: Former | null): [Wire, Wish[]] {
  const wire = made(servers, true, former, { at: "answering", answers: 1, mark: markOf(sdp) });
  wire.theirSession = sessionOf(sdp);
  return [wire, [create(wire), ordered(wire, { order: "takeOffer", sdp })]];
}

/** Whether an offer is of a connection of theirs that says nothing any more. */
export function isLate(offer: string, former: string | null | undefined): boolean {
  return Boolean(former) && sessionOf(offer) === former;
}

export function leave(wire: Wire): Former {
  return { build: wire.build, session: wire.theirSession ?? wire.formerSession };
}

export function pathOf(wire: Wire): Path {
  switch (wire.health.is) {
    case "waiting":
    case "connecting":
      return "connecting";
    // Nobody wants to read of repairs at the end of each call.
    case "up":
    case "closed":
      return "up";
    case "lost":
      return "repairing";
  }
}

/** Both want this call: media has to come. */
export function expectMedia(wire: Wire, now: number): void {
  if (wire.health.is === "waiting") {
    wire.health = { is: "connecting", since: now, nextTry: now + wait(wire, TIMES.first_try) };
  }
}

export const closing = (wire: Wire): Wish => ordered(wire, { order: "close" });

/** Our side of a repair is later, if the other side is to begin. */
function wait(wire: Wire, length: number): number {
  return wire.isPolite && !wire.isToServer ? length + TIMES.polite_wait : length;
}

/** They offer. */
export function takeTheirOffer(wire: Wire, around: Around, sdp: string): Wish[] {
  // From the connection that we gave up. They will follow when they hear of it.
  if (isLate(sdp, wire.formerSession)) return [];
  const mark = markOf(sdp);
  if (wire.answered?.mark === mark) return [{ wish: "answer", sdp: wire.answered.answer }];
  const { exchange } = wire;
  if (exchange.at === "answering" && exchange.mark === mark) return [];
  if (isAnotherSession(wire, sdp)) {
    // The media server never begins one: this is one that does not know us yet.
    return wire.isToServer ? forgotten(wire, around) : followRebuild(wire, around, sdp);
  }
  // Of a connection that we have given up.
  if (wire.isToServer && !wire.theirSession) return [];
  switch (exchange.at) {
    case "settled":
      return takeOffer(wire, sdp, 1);
    case "answering":
      return takeOffer(wire, sdp, exchange.answers + 1);
    case "applying":
      wire.exchange = { at: "applying", next: sdp };
      return [];
    case "making":
    case "offered":
      // Both offered, and they will take theirs back.
      if (!wire.isPolite) return [];
      // Theirs goes first, and ours is made again after it.
      owe(wire, exchange.restart ? "restart" : "offer");
      return [ordered(wire, { order: "rollBack" }), ...takeOffer(wire, sdp, 1)];
  }
}

function takeOffer(wire: Wire, sdp: string, answers: number): Wish[] {
  wire.theirSession = sessionOf(sdp) ?? wire.theirSession;
  wire.exchange = { at: "answering", answers, mark: markOf(sdp) };
  return [ordered(wire, { order: "takeOffer", sdp })];
}

/** They answer. */
export function takeTheirAnswer(wire: Wire, around: Around, sdp: string): Wish[] {
  const { exchange } = wire;
  // To an offer that was taken back, or the same answer again.
  if (exchange.at !== "offered") return [];
  const mark = readMark(sdp);
  // To an earlier offer, which was taken back and made again.
  if (mark && mark !== exchange.mark) return [];
  if (wire.isToServer && isAnotherSession(wire, sdp)) return forgotten(wire, around);
  wire.exchange = { at: "applying", next: null };
  wire.theirSession = sessionOf(sdp) ?? wire.theirSession;
  return [ordered(wire, { order: "takeAnswer", sdp })];
}

function isAnotherSession(wire: Wire, sdp: string): boolean {
  const session = sessionOf(sdp);
  return session !== null && wire.theirSession !== null && session !== wire.theirSession;
}

/** The network of this device changed: the old path may still live, the new one is prepared at once. */
export function networkChanged(wire: Wire, around: Around): Wish[] {
  const { health } = wire;
  if (health.is === "connecting" || health.is === "lost") {
    wire.health = { ...health, nextTry: around.now + TIMES.restart_every };
  }
  owe(wire, "restart");
  return pay(wire, around);
}

/** The server is there again. */
export function lineIsBack(wire: Wire, around: Around): Wish[] {
  // Both went at once, so it was the network; nothing is gained by waiting.
  if (wire.health.is === "lost") wire.health = { ...wire.health, nextTry: around.now };
  return [...pay(wire, around), ...tick(wire, around)];
}

function owe(wire: Wire, owed: Owed): void {
  wire.owed = wire.owed === "restart" ? "restart" : owed;
}

/** Makes the offer that is owed, if it can be made now. */
function pay(wire: Wire, { isLineUp }: Around): Wish[] {
  if (wire.exchange.at !== "settled" || !isLineUp || !wire.owed) return [];
  const restart = wire.owed === "restart";
  [wire.owed, wire.exchange] = [null, { at: "making", restart }];
  return [ordered(wire, { order: "makeOffer", restart })];
}

/** The connection says something. */
export function heardFromPeer(wire: Wire, around: Around, from: FromPeer): Wish[] {
  const { exchange } = wire;
  switch (from.said) {
    case "offerMade": {
      // It was taken back.
      if (exchange.at !== "making") return [];
      const again = around.now + TIMES.offer_again;
      wire.exchange = { at: "offered", restart: exchange.restart, mark: markOf(from.sdp), again };
      return [{ wish: "offer", sdp: from.sdp }];
    }
    case "answerMade": {
      if (exchange.at !== "answering") return [];
      if (exchange.answers > 1) {
        wire.exchange = { ...exchange, answers: exchange.answers - 1 };
        return [];
      }
      const answer = withMark(from.sdp, exchange.mark);
      [wire.answered, wire.exchange] = [{ mark: exchange.mark, answer }, SETTLED];
      return [{ wish: "answer", sdp: answer }, ...pay(wire, around)];
    }
    case "answerApplied":
      if (exchange.at !== "applying") return [];
      wire.exchange = SETTLED;
      return exchange.next === null ? pay(wire, around) : takeOffer(wire, exchange.next, 1);
    case "candidate":
      return [{ wish: "candidate", candidate: from.candidate }];
    case "wantsToOffer":
      owe(wire, "offer");
      return pay(wire, around);
    case "up":
      if (wire.health.is !== "waiting") wire.health = { is: "up" };
      return [];
    case "lost":
      lost(wire, around, around.now);
      return tick(wire, around);
    case "closed":
      if (wire.isToServer) return forgotten(wire, around);
      if (wire.health.is === "up") wire.health = { is: "closed", since: around.now };
      return [];
    case "theirFault":
      return [{ wish: "giveUp", why: "their_fault" }];
    case "ourFault":
      return [{ wish: "giveUp", why: "our_fault" }];
  }
}

/** The media server does not take our offer now. If its own was on its way, ours is made again after that one. */
export function refused(wire: Wire, { now }: Around): void {
  const soon = now + TIMES.refused_again;
  if (wire.exchange.at !== "offered") return;
  wire.exchange = { ...wire.exchange, again: soon };
  const { health } = wire;
  if (health.is === "connecting" || health.is === "lost") {
    wire.health = { ...health, nextTry: Math.min(soon, health.nextTry) };
  }
}

/** The media server has forgotten this connection: another one is built, but not in a hurry twice. */
export function forgotten(wire: Wire, around: Around): Wish[] {
  wire.isOver = true;
  const nextTry = Math.max(around.now, wire.notBefore);
  const { health } = wire;
  switch (health.is) {
    case "waiting":
      break;
    case "up":
      wire.health = { is: "lost", since: around.now, nextTry, rebuilt: false };
      break;
    case "closed":
      wire.health = { is: "lost", since: health.since, nextTry, rebuilt: false };
      break;
    case "connecting":
    case "lost":
      wire.health = { ...health, nextTry };
  }
  return tick(wire, around);
}

function lost(wire: Wire, around: Around, since: number): void {
  // Otherwise that is known, and the next try is set.
  if (wire.health.is !== "up" && wire.health.is !== "closed") return;
  wire.health = { is: "lost", since, nextTry: around.now + wait(wire, 0), rebuilt: false };
}

/** When something is due. */
export function wireDeadline({ health, exchange }: Wire): number {
  switch (health.is) {
    case "waiting":
      return Infinity;
    case "up":
      return exchange.at === "offered" ? exchange.again : Infinity;
    case "closed":
      return health.since + TIMES.goodbye;
    case "connecting":
    case "lost":
      return Math.min(health.nextTry, health.since + TIMES.give_up_after);
  }
}

/** Time passed. */
export function tick(wire: Wire, around: Around): Wish[] {
  const { now, isLineUp } = around;
  if (wire.health.is === "closed" && now >= wire.health.since + TIMES.goodbye) {
    lost(wire, around, wire.health.since);
  }
  const { health } = wire;
  if (health.is === "up") return offerAgain(wire, around);
  if (health.is === "waiting" || health.is === "closed") return [];
  if (now >= health.since + TIMES.give_up_after) {
    const lostBy = isLineUp ? "they_lost_connection" : "we_lost_connection";
    return [{ wish: "giveUp", why: health.is === "connecting" ? "no_path" : lostBy }];
  }
  if (now < health.nextTry) return [];
  const nextTry = now + wait(wire, TIMES.restart_every);
  wire.health = { ...health, nextTry };
  const isTime = health.is === "lost" && now >= health.since + TIMES.rebuild_after && !health.rebuilt;
  if ((isTime || wire.isOver) && isLineUp) {
    if (health.is === "lost") wire.health = { ...health, nextTry, rebuilt: true };
    return rebuild(wire, around);
  }
  // Nobody could pass the offer on. It is made when the server is back.
  if (!isLineUp) return [];
  return [...takeBack(wire, "restart"), ...pay(wire, around)];
}

/** Takes back an offer that nobody answered; one is owed instead. */
function takeBack(wire: Wire, owed: Owed): Wish[] {
  owe(wire, owed);
  if (wire.exchange.at !== "offered") return [];
  wire.exchange = SETTLED;
  return [ordered(wire, { order: "rollBack" })];
}

/** Media flows, and an offer of ours waits for an answer that was lost with the server. */
function offerAgain(wire: Wire, around: Around): Wish[] {
  const { exchange } = wire;
  if (exchange.at !== "offered" || around.now < exchange.again) return [];
  if (!around.isLineUp) {
    wire.exchange = { ...exchange, again: around.now + TIMES.offer_again };
    return [];
  }
  return [...takeBack(wire, exchange.restart ? "restart" : "offer"), ...pay(wire, around)];
}

function rebuild(wire: Wire, around: Around): Wish[] {
  const wishes = replace(wire, around);
  wire.exchange = { at: "making", restart: false };
  return [...wishes, ordered(wire, { order: "makeOffer", restart: false })];
}

/** They built their side anew, so ours has to be, too. */
function followRebuild(wire: Wire, around: Around, sdp: string): Wish[] {
  const wishes = replace(wire, around);
  // The new one gets its time to come about.
  const nextTry = around.now + wait(wire, TIMES.restart_every);
  const { health } = wire;
  if (health.is === "connecting") wire.health = { ...health, nextTry };
  else if (health.is !== "waiting") {
    const since = health.is === "up" ? around.now : health.since;
    wire.health = { is: "lost", since, nextTry, rebuilt: true };
  }
  return [...wishes, ...takeOffer(wire, sdp, 1)];
}

/** The connection goes, another one comes. */
function replace(wire: Wire, { now }: Around): Wish[] {
  const close = closing(wire);
  wire.build += 1;
  [wire.notBefore, wire.isOver] = [now + TIMES.restart_every, false];
  [wire.exchange, wire.owed, wire.answered] = [SETTLED, null, null];
  [wire.formerSession, wire.theirSession] = [wire.theirSession, null];
  return [close, create(wire)];
}
