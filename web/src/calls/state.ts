// What one call is, as plain values: what a page shows, and what the rules need to go on.
import type {
  Candidate,
  ClientPayloads,
  ErrorCode,
  EventId,
  IceServers,
  Reaction,
  Recipient,
  RoomName,
  ServerEvents,
  StreamPlace,
  StreamWish,
  UserId,
  WaitingUser,
} from "../protocol";
import type { Former, FromPeer, GiveUp, PeerOrder, Wire } from "./wire";

/** The media server, where a recipient is named. */
export const MEDIA_SERVER = 0;

/** Two people, the members of a group, or whoever knows a name. */
export type Kind = { is: "pair"; with: UserId } | { is: "group"; group: number; name: string } | { is: "room" };

/** Why a call is over, for the person. */
export type EndReason =
  | "left"
  | "completed"
  | "cancelled"
  | "failed"
  | "missed"
  | "declined"
  | "busy"
  | "elsewhere"
  | "timeout"
  | "server_shutdown"
  | "removed"
  | "not_let_in"
  | "replaced"
  | "group_is_talking"
  | GiveUp
  | ErrorCode;

/** Where a call is. */
export type Phase =
  /** Our offer is being made, or the server has not answered yet. */
  | { is: "dialing"; until: number; offer: string | null }
  /** It rings at their side. */
  | { is: "calling"; until: number; devices: number }
  /** It rings here. */
  | { is: "ringing"; until: number; offer: string | null; early: Candidate[] }
  /** The person answered; `answer` once it is made. */
  | { is: "answering"; until: number; answer: string | null }
  /** The server was asked to let us in. */
  | { is: "joining" }
  /** The host was asked to let us in. */
  | { is: "atTheDoor" }
  /** Both want it, or we are in the room. */
  | { is: "talking"; since: number }
  | { is: "ended"; reason: EndReason; lasted: number };

/** Somebody else in a call. */
export interface Person {
  user: UserId;
  name: string;
  avatar: string | null;
  audio: boolean;
  video: boolean;
  screen: boolean;
  handRaisedAt: number | null;
  /** The server has lost them and waits for them. */
  isAway: boolean;
  joinedAt: number;
  /** Since when their voice comes through the media server, while the room moves there. */
  heardSince: number | null;
}

/** Which way the media goes. A move overlaps. */
export type Way =
  | { is: "straight" }
  | { is: "toServer"; since: number }
  | { is: "byServer" }
  | { is: "toStraight"; until: number };

/** What is on here. */
export interface Mine {
  audio: boolean;
  video: boolean;
  screen: boolean;
  handRaisedAt: number | null;
}

/** A line of the chat. */
export interface Message {
  id: string;
  user: UserId;
  name: string;
  text: string;
  sentAt: number;
  status: "sending" | "sent" | "failed";
}

/** Something that somebody shows for a moment. */
export interface Shown {
  id: number;
  user: UserId;
  reaction: Reaction;
  at: number;
}

/** How our pictures are looked at through the media server. */
export interface Wanted {
  /** The height of the largest layer of the camera that anybody can use; 0: nobody looks. */
  camera: number;
  screen: boolean;
}

/** One call. */
export interface CallState {
  me: UserId;
  room: RoomName;
  kind: Kind;
  wantsVideo: boolean;
  phase: Phase;
  isLineUp: boolean;
  /** The server does not know this call any more, and media flows all the same. */
  isAdrift: boolean;
  people: Record<UserId, Person>;
  wires: Record<Recipient, Wire>;
  closed: Record<Recipient, Former>;
  servers: IceServers;
  /** The latest event of the room that was heard. */
  heard: EventId | null;
  /** Addresses of ours that the server cannot pass on yet. */
  outbox: Candidate[];
  way: Way;
  /** Who is where in what the media server sends. */
  streams: StreamPlace[];
  /** The one to show large. */
  dominant: UserId | null;
  dominantSince: number;
  /** How loud who is, 0 to 1; who is not in it is silent. */
  loudness: Record<UserId, number>;
  /** What the page shows, and what the media server was told of it, by which build. */
  looks: StreamWish[] | null;
  told: { build: number; looks: StreamWish[] } | null;
  toldUntil: number;
  /** What of ours anybody looks at through the media server; null until it said so: all. */
  wanted: Wanted | null;
  mine: Mine;
  host: UserId | null;
  isLocked: boolean;
  hasWaitingRoom: boolean;
  waiting: WaitingUser[];
  chat: Message[];
  shown: Shown[];
  /** How often the host switched our microphone off. */
  mutedByHost: number;
  startedAt: number | null;
}

/** What the server says, with its name. */
export type ServerMessage = {
  [E in keyof ServerEvents]: { name: E; payload: Parameters<ServerEvents[E]>[0] };
}[keyof ServerEvents];

/** Why something was asked, which says what its answer means. */
export type What = "initiate" | "accept" | "join" | "look" | "resume" | "offer" | "chat" | "say";

/** How an ask went. `lost` is one whose answer never came. */
export type Outcome = { is: "ok"; answer: unknown } | { is: "refused"; code: ErrorCode } | { is: "lost" };

/** All that can happen to a call. */
export type CallEvent =
  | { event: "dial" }
  | { event: "join" }
  | { event: "accept" }
  | { event: "reject"; isBusy: boolean }
  | { event: "hangUp" }
  | { event: "setMedia"; media: Partial<Pick<Mine, "audio" | "video" | "screen">> }
  | { event: "raiseHand"; isUp: boolean }
  | { event: "react"; reaction: Reaction; messageId: string }
  | { event: "chat"; text: string; messageId: string }
  | { event: "host"; order: HostOrder }
  | { event: "looks"; looks: StreamWish[] }
  | { event: "levels"; levels: Record<UserId, number> }
  | { event: "line"; isUp: boolean; servers: IceServers | null }
  | { event: "network" }
  | { event: "server"; message: ServerMessage }
  | { event: "acked"; what: What; isAgain: boolean; id: string | null; outcome: Outcome }
  | { event: "peer"; to: Recipient; build: number; from: FromPeer }
  | { event: "tick" };

/** What a host decides. */
export type HostOrder =
  | { do: "mute"; user: UserId }
  | { do: "remove"; user: UserId }
  | { do: "lock"; isLocked: boolean }
  | { do: "waitingRoom"; isOn: boolean }
  | { do: "admit"; user: UserId; isAdmitted: boolean };

/** A question to the server. */
export type Ask = {
  [E in keyof ClientPayloads]: { name: E; payload: ClientPayloads[E] };
}[keyof ClientPayloads];

/** What a call asks of the outside. */
export type Effect =
  | { effect: "ask"; what: What; isAgain: boolean; id: string | null; ask: Ask }
  | { effect: "peer"; to: Recipient; build: number; order: PeerOrder };

/** What a call begins with. */
export interface Beginning {
  me: UserId;
  room: RoomName;
  kind: Kind;
  servers: IceServers;
  isLineUp: boolean;
  mine: Pick<Mine, "audio" | "video">;
}

/** A call that nobody has done anything with yet. */
export function newCall(beginning: Beginning, phase: Phase): CallState {
  const { me, room, kind, servers, isLineUp, mine } = beginning;
  return {
    me,
    room,
    kind,
    wantsVideo: mine.video,
    phase,
    isLineUp,
    isAdrift: false,
    people: {},
    wires: {},
    closed: {},
    servers,
    heard: null,
    outbox: [],
    way: { is: "straight" },
    streams: [],
    dominant: null,
    dominantSince: 0,
    loudness: {},
    looks: null,
    told: null,
    toldUntil: 0,
    wanted: null,
    mine: { ...mine, screen: false, handRaisedAt: null },
    host: null,
    isLocked: false,
    hasWaitingRoom: false,
    waiting: [],
    chat: [],
    shown: [],
    mutedByHost: 0,
    startedAt: null,
  };
}

/** Somebody who was never heard of. */
export function newPerson(user: UserId, name: string, avatar: string | null, joinedAt: number): Person {
  return {
    user,
    name,
    avatar,
    audio: true,
    video: false,
    screen: false,
    handRaisedAt: null,
    isAway: false,
    joinedAt,
    heardSince: null,
  };
}
