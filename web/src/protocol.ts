// Made from `protocol/` by `cargo xtask gen`. Do not edit: change the Rust types.
//
//     import { io, type Socket } from "socket.io-client";
//     import type { ClientEvents, ServerEvents } from "./protocol";
//
//     const socket: Socket<ServerEvents, ClientEvents> = io({ auth: { token } });
//     socket.on("call:incoming", (call) => ring(call.fromName, call.callType));
//     const answer = await socket.timeout(5000).emitWithAck("call:register", { userId });
//     if (!answer.ok) show(answer.error.message);
//
// Lists of words may grow: treat a word that you do not know like the plainest that you do.

/** What the handshake may carry, by the server's `auth.mode`. */
export interface HandshakeAuth {
  /** `jwt`: a token whose `sub` is the user id. */
  token?: string;
  /** `telegram`: `Telegram.WebApp.initData`. */
  initData?: string;
}

/** The answer to an event of a client: `ok` tells which of the two it is. */
export type Ack<T> = ({ ok: true } & T) | { ok: false; error: Refusal };

/** An event of a room. The largest `eventId` seen goes into `call:resume`; what is for one device alone has none. */
export type InRoom<T> = T & { eventId?: EventId };

/** Everything a client can say, for `Socket<ServerEvents, ClientEvents>`. */
export type ClientEvents = {
  [E in keyof ClientPayloads]: (payload: ClientPayloads[E], ack: (answer: Ack<Answers[E]>) => void) => void;
};

/** What a client says. */
export interface ClientPayloads {
  /** This socket takes calls for the user; any number of devices may. */
  "call:register": Register;
  /** Rings every device of a user, or every other member of a group. */
  "call:initiate": Initiate;
  /** Answers. The first device wins; the others are told `answered_elsewhere`. In a group call it joins, like `call:join_room`, and the answer has the fields of that one. */
  "call:accept": Accept;
  /** Declines, or says that this device is busy. */
  "call:reject": Reject;
  /** Ends a 1-1 call for both; in a group, leaves it, and the last one ends it. */
  "call:end": End;
  /** A network path to try, for the other side. */
  "ice:candidate": IceCandidate;
  /** Joins a room; the acknowledgement is the room's state. */
  "call:join_room": JoinRoom;
  /** Leaves a room without ending it for others. */
  "call:leave_room": LeaveRoom;
  /** Microphone or camera went on or off; others are told `user:media_changed`. */
  "call:toggle_media": ToggleMedia;
  /** A new offer or answer inside a call: ICE restart, video added, screen share. */
  "call:renegotiate": Renegotiate;
  /** After a lost socket: the room's state, and every event missed, once each. */
  "call:resume": Resume;
  /** How the call sounds to this user; at most one row in five seconds is kept. */
  "call:stats": Stats;
  /** What the media server shall send to this participant. */
  "call:subscribe": Subscribe;
  /** The host switches somebody's microphone off: they are told `call:muted`, the others `user:media_changed`. */
  "call:mute": Mute;
  /** The host removes somebody: they are told `call:ended` with the reason `removed`, and stay out until the host admits them again. Of one who waits: they are not let in, and cannot ask again. */
  "call:remove": Remove;
  /** The host locks the room, or unlocks it: nobody new comes in, whoever was in it may return. The others are told `call:room_changed`. */
  "call:lock": Lock;
  /** The host has newcomers wait, or no longer. The others are told `call:room_changed`. */
  "call:waiting_room": WaitingRoom;
  /** The host lets somebody in who waits, or does not; or lets somebody come back who was removed. */
  "call:admit": Admit;
  /** A hand goes up or down; others are told `user:hand_changed`. */
  "call:raise_hand": RaiseHand;
  /** Shows something for a moment; others are told `user:reacted`. */
  "call:react": React;
  /** Writes to everyone in the room. Nothing of it is kept when the room is over. */
  "call:chat": Chat;
}

/** What stands beside `ok: true` in the answer. */
export interface Answers {
  "call:register": Registered;
  "call:initiate": Initiated;
  "call:accept": Accepted;
  "call:reject": Done;
  "call:end": EndedAck;
  "ice:candidate": Done;
  "call:join_room": RoomState;
  "call:leave_room": Done;
  "call:toggle_media": Done;
  "call:renegotiate": Done;
  "call:resume": RoomState;
  "call:stats": Done;
  "call:subscribe": Done;
  "call:mute": Done;
  "call:remove": Done;
  "call:lock": Done;
  "call:waiting_room": Done;
  "call:admit": Done;
  "call:raise_hand": Done;
  "call:react": Done;
  "call:chat": Written;
}

/** Everything the server can say, for `Socket<ServerEvents, ClientEvents>`. */
export interface ServerEvents {
  /** The socket takes calls now; also the acknowledgement of `call:register`. */
  "call:registered": (event: Registered) => void;
  /** It rings: a 1-1 call. */
  "call:incoming": (event: InRoom<Incoming>) => void;
  /** It rings: a group call. */
  "group_call:incoming": (event: InRoom<GroupIncoming>) => void;
  /** The callee answered; to the device that called. */
  "call:answer": (event: InRoom<Answer>) => void;
  /** A network path of the other side, as it was sent. */
  "ice:candidate": (event: InRoom<IceCandidate>) => void;
  /** The call is over. */
  "call:ended": (event: InRoom<Ended>) => void;
  /** The callee said no. */
  "call:rejected": (event: InRoom<Rejected>) => void;
  /** Somebody came into the room. */
  "user:joined_call": (event: InRoom<UserInCall>) => void;
  /** Somebody left the room. */
  "user:left_call": (event: InRoom<LeftCall>) => void;
  /** Somebody's microphone, camera or shared screen went on or off. */
  "user:media_changed": (event: InRoom<MediaChanged>) => void;
  /** Somebody lost the connection to the server and has a while to come back. */
  "user:reconnecting": (event: InRoom<Presence>) => void;
  /** Somebody is back. */
  "user:reconnected": (event: InRoom<Presence>) => void;
  /** A new offer or answer of another participant, or of the media server. The media server's offers have no `eventId`: it says the latest again after `call:resume`. */
  "call:renegotiate": (event: InRoom<RelayedRenegotiate>) => void;
  /** The host switched your microphone off. You may switch it on again. */
  "call:muted": (event: InRoom<Muted>) => void;
  /** Somebody's hand went up or down. */
  "user:hand_changed": (event: InRoom<HandChanged>) => void;
  /** Somebody shows something for a moment. Who was away does not hear of it later. */
  "user:reacted": (event: Reacted) => void;
  /** Somebody wrote to everyone in the room. */
  "call:chat": (event: InRoom<ChatMessage>) => void;
  /** The host locked or unlocked the room, or has newcomers wait or no longer. */
  "call:room_changed": (event: InRoom<RoomChanged>) => void;
  /** Who waits to be let in; to the host, each time it changes, and again to one who comes back. */
  "call:waiting": (event: InRoom<Waiting>) => void;
  /** Who is speaking. */
  "call:speakers": (event: Speakers) => void;
  /** In which media section of the media server's description who is heard and seen; each time it changes, and again after `call:resume`. */
  "call:streams": (event: Streams) => void;
  /** How large your pictures are looked at, through the media server: larger layers need not be sent, and nothing of what nobody looks at. Each time it changes, and again after `call:resume`; until the first, everything. */
  "call:wanted": (event: Wanted) => void;
  /** The whole state of a room: for whoever was let in, and for everyone when the topology changes. */
  "call:room_state": (event: RoomState) => void;
  /** An event without an acknowledgement failed. */
  "call:error": (event: CallError) => void;
}

/** `call:register` */
export interface Register {
  /** Whose calls this socket takes. Must be the user of the token, where there is one. */
  userId: UserId;
  /** The app's own name for this installation. With it, a new socket of the same device takes the old one's place. */
  deviceId?: DeviceId | null;
  /** `android`, `web` …; for the operator's statistics. */
  platform?: string | null;
  /** Where a push wakes this device. */
  pushToken?: string | null;
  /** Whether the app can take a second call while in one. Without it, a caller is told `recipient_busy`. */
  callWaiting?: boolean | null;
}

/** A user of the messenger. */
export type UserId = number;

/** The app's own name for one installation: the same phone keeps it over a reconnect. */
export type DeviceId = string;

/** To `call:register`, and `call:registered`. */
export interface Registered {
  /** Whose calls this socket takes now. */
  userId: UserId;
  /** For this user. */
  iceServers: IceServers;
  /** 1-1 calls that ring for this user right now; each is also emitted as `call:incoming`. */
  pending: Incoming[];
  /** Group calls that ring for this user right now; each is also emitted as `group_call:incoming`. */
  pendingGroups: GroupIncoming[];
}

/** The servers one user may use, with credentials made for that user. */
export type IceServers = IceServer[];

/** One STUN or TURN server, as `RTCPeerConnection` takes it. */
export interface IceServer {
  /** `stun:`, `turn:` or `turns:` addresses. */
  urls: string[];
  /** Only of TURN. */
  username?: string;
  /** Only of TURN. */
  credential?: string;
}

/** `call:incoming` */
export interface Incoming {
  /** The row of the call. */
  callId: CallId;
  /** The caller. */
  fromId: UserId;
  /** The caller's name. */
  fromName: string;
  /** The caller's picture. */
  fromAvatar: string | null;
  /** The callee. */
  toId: UserId;
  /** Sound, or sound and picture. */
  callType: CallType;
  /** The room. */
  roomName: RoomName;
  /** The caller's offer. */
  sdpOffer: Sdp;
  /** For the callee. */
  iceServers: IceServers;
  /** When the caller dialled. */
  createdAt: UnixMillis;
  /** When it stops ringing. */
  expiresAt: UnixMillis;
}

/** A row of `wo_calls` or, for a group call, of `wo_group_calls`. */
export type CallId = number;

/** Whether a call starts with sound alone or with a picture too. */
export type CallType =
  /** Sound. */
  | "audio"
  /** Sound and picture. */
  | "video";

/** The unique name of a call's room, chosen by the client that starts the call. */
export type RoomName = string;

/** A session description: `{type, sdp}` as a browser makes it, or the bare text. */
export type Sdp = { type: "offer" | "answer" | "pranswer" | "rollback"; sdp?: string } | string;

/** A moment: milliseconds since 1970-01-01 UTC, as `Date.now()` counts them. */
export type UnixMillis = number;

/** `group_call:incoming` */
export interface GroupIncoming {
  /** The row of the call. */
  callId: CallId;
  /** The group. */
  groupId: GroupId;
  /** The group's name. */
  groupName: string;
  /** Who started the call. */
  initiatorId: UserId;
  /** Their name. */
  initiatorName: string;
  /** Sound, or sound and picture. */
  callType: CallType;
  /** The room. */
  roomName: RoomName;
  /** For the one who is rung. */
  iceServers: IceServers;
  /** When the call was started. */
  createdAt: UnixMillis;
  /** When it stops ringing. */
  expiresAt: UnixMillis;
}

/** A group chat of the messenger. */
export type GroupId = number;

/** `call:initiate`, to one user or to a group. */
export type Initiate = {
  /** The caller. */
  fromId: UserId;
  /** Sound, or sound and picture. */
  callType: CallType;
  /** The room, named by the caller. */
  roomName: RoomName;
} & (
  | {
      /** The callee of a 1-1 call. Either this or `groupId`. */
      toId: UserId;
      groupId?: never;
      /** The caller's offer. A 1-1 call needs it; in a group call it is for the media server. */
      sdpOffer: Sdp;
    }
  | {
      toId?: never;
      /** The group of a group call. Either this or `toId`. */
      groupId: GroupId;
      /** The caller's offer. A 1-1 call needs it; in a group call it is for the media server. */
      sdpOffer?: Sdp | null;
    }
);

/** To `call:initiate`. */
export interface Initiated {
  /** The row of the call. */
  callId: CallId;
  /** The room. */
  roomName: RoomName;
  /** For the caller. */
  iceServers: IceServers;
  /** How many devices ring; 0 while a push wakes one. */
  devices: number;
  /** When it stops ringing. */
  expiresAt: UnixMillis;
  /** Both called each other at once: the room of the other call, which goes on instead of this one. */
  replacedBy?: RoomName;
}

/** `call:accept` */
export interface Accept {
  /** The room of the ringing call. */
  roomName: RoomName;
  /** The callee. */
  userId: UserId;
  /** The answer to the offer that rang. */
  sdpAnswer: Sdp;
}

/** To `call:accept`. */
export interface Accepted {
  /** The row of the call. */
  callId: CallId;
  /** The room. */
  roomName: RoomName;
  /** For the callee. */
  iceServers: IceServers;
  /** When it was answered. */
  startedAt: UnixMillis;
}

/** `call:reject` */
export interface Reject {
  /** The room of the ringing call. */
  roomName: RoomName;
  /** The callee. */
  userId: UserId;
  /** `declined` unless said otherwise. */
  reason?: RejectReason | null;
}

/** Why a call was turned down. */
export type RejectReason =
  /** The person said no. */
  | "declined"
  /** The person is in another call. */
  | "busy";

/** An acknowledgement with nothing but `ok`. */
export interface Done {
}

/** `call:end` */
export interface End {
  /** The room. */
  roomName: RoomName;
  /** Who hangs up. */
  userId: UserId;
  /** `completed` unless said otherwise. */
  reason?: EndWish | null;
}

/** Why a client ends a call. */
export type EndWish =
  /** The conversation is over. */
  | "completed"
  /** The caller gave up before an answer. */
  | "cancelled"
  /** The call could not be connected or kept. */
  | "failed";

/** To `call:end`. */
export interface EndedAck {
  /** From accept to end. */
  duration: Seconds;
}

/** A length of time in whole seconds. */
export type Seconds = number;

/** `ice:candidate`, in both directions: it arrives as it was sent. */
export interface IceCandidate {
  /** The room. */
  roomName: RoomName;
  /** For whom; without it, for everyone else in the room. `0`, the media server, takes it and does not need it. */
  toUserId?: Recipient | null;
  /** Whose path it is. */
  fromUserId: UserId;
  /** The candidate. */
  candidate: Candidate;
  /** Its media section by number. */
  sdpMLineIndex?: number | null;
  /** Its media section by name. */
  sdpMid?: string | null;
}

/** A user id, or `0` for the media server. */
export type Recipient = number;

/** An ICE candidate: an `RTCIceCandidateInit`, or the bare candidate line. */
export type Candidate = { candidate?: string; sdpMid?: string | null; sdpMLineIndex?: number | null; usernameFragment?: string | null } | string;

/** `call:join_room` */
export interface JoinRoom {
  /** The room. */
  roomName: RoomName;
  /** Who joins. */
  userId: UserId;
  /** An offer to the media server. */
  sdpOffer?: Sdp | null;
  /** Whether the microphone is on; on unless said otherwise. */
  audio?: boolean | null;
  /** Whether the camera is on; as the call's type unless said otherwise. */
  video?: boolean | null;
}

/** `call:room_state`; also the acknowledgement of `call:join_room` and `call:resume`. */
export interface RoomState {
  /** The room. */
  roomName: RoomName;
  /** The row of the call; an open room has none. */
  callId: CallId | null;
  /** Sound, or sound and picture. */
  callType: CallType;
  /** Which way the media goes. */
  topology: Topology;
  /** Who is in the room, in the order in which they came. Nobody for one who waits to be let in. */
  participants: Participant[];
  /** When it was answered or, in a group, when the first two were in it together; in an open room, when it was opened. */
  startedAt: UnixMillis | null;
  /** Who may mute, remove and admit others; nobody in a 1-1 call. */
  hostId?: UserId;
  /** Nobody new comes in. */
  locked?: boolean;
  /** Newcomers wait until the host lets them in. */
  waitingRoom?: boolean;
  /** You are not in it yet: the host has been asked. `call:room_state` without this says that you are, `call:ended` that you are not let in. */
  waiting?: boolean;
  /** For the one who is told. */
  iceServers: IceServers;
}

/** Which way the media goes. */
export type Topology =
  /** Straight between two devices. */
  | "p2p"
  /** Straight between every two participants. */
  | "mesh"
  /** Through the media server. */
  | "sfu";

/** One who is in a room. */
export interface Participant {
  /** Who. */
  userId: UserId;
  /** Their name. */
  userName: string;
  /** Their picture. */
  avatar: string | null;
  /** Whether their microphone is on. */
  audio: boolean;
  /** Whether their camera is on. */
  video: boolean;
  /** Whether they share their screen. */
  screen?: boolean;
  /** Since when. */
  joinedAt: UnixMillis;
  /** Since when their hand is up. No two of a room are the same: they are the order of the hands. */
  handRaisedAt?: UnixMillis;
}

/** `call:leave_room` */
export interface LeaveRoom {
  /** The room. */
  roomName: RoomName;
  /** Who leaves. */
  userId: UserId;
}

/** `call:toggle_media` */
export interface ToggleMedia {
  /** The room. */
  roomName: RoomName;
  /** Whose microphone and camera. */
  userId: UserId;
  /** Whether the microphone is on. */
  audio: boolean;
  /** Whether the camera is on. */
  video: boolean;
  /** Whether the screen is shared; as it was unless said otherwise. */
  screen?: boolean | null;
}

/** `call:renegotiate`, from a client: a new offer or the answer to one. */
export type Renegotiate = {
  /** The room. */
  roomName: RoomName;
  /** For whom; `0` is the media server. */
  toUserId: Recipient;
} & (
  | {
      /** A new offer. */
      sdpOffer: Sdp;
      sdpAnswer?: never;
    }
  | {
      sdpOffer?: never;
      /** The answer to one. */
      sdpAnswer: Sdp;
    }
);

/** `call:resume` */
export interface Resume {
  /** The room. */
  roomName: RoomName;
  /** Who is back. */
  userId: UserId;
  /** The largest `eventId` that this device saw in this room. */
  lastEventId?: EventId | null;
}

/** The place of an event in what one user was told about one room; later events have larger ids. */
export type EventId = number;

/** `call:stats` */
export interface Stats {
  /** The room. */
  roomName: RoomName;
  /** Who measured. */
  userId: UserId;
  /** Round trip in milliseconds. */
  rttMs: number;
  /** Jitter in milliseconds. */
  jitterMs: number;
  /** Lost packets in percent. */
  lossPct: number;
  /** Bitrate in kilobits a second. */
  bitrateKbps: number;
  /** Loudness, 0 to 1. */
  audioLevel?: number | null;
  /** Estimated mean opinion score, 1 to 5. */
  mos?: number | null;
  /** `host`, `srflx`, `prflx` or `relay`. */
  candidateType: string;
}

/** `call:subscribe` */
export interface Subscribe {
  /** The room. */
  roomName: RoomName;
  /** What to send, by whose it is; at most 64. Who is not in the room yet counts from when they are. */
  streams: StreamWish[];
}

/** What one participant wants of another's picture. */
export interface StreamWish {
  /** Whose picture. */
  userId: UserId;
  /** Which of theirs; the camera's unless said otherwise. */
  kind?: PictureKind | null;
  /** No higher than this many pixels. */
  maxHeight: number;
  /** Nothing for now. */
  paused?: boolean | null;
}

/** One of the pictures that a participant can send. */
export type PictureKind =
  /** What the camera sees. */
  | "camera"
  /** The shared screen. */
  | "screen";

/** `call:mute` */
export interface Mute {
  /** The room. */
  roomName: RoomName;
  /** Whose microphone goes off. They may switch it on again. */
  toUserId: UserId;
}

/** `call:remove` */
export interface Remove {
  /** The room. */
  roomName: RoomName;
  /** Who has to go. */
  toUserId: UserId;
}

/** `call:lock` */
export interface Lock {
  /** The room. */
  roomName: RoomName;
  /** Whether nobody new comes in. */
  locked: boolean;
}

/** `call:waiting_room` */
export interface WaitingRoom {
  /** The room. */
  roomName: RoomName;
  /** Whether newcomers wait until the host lets them in. When it goes off, those who wait come in. */
  on: boolean;
}

/** `call:admit` */
export interface Admit {
  /** The room. */
  roomName: RoomName;
  /** Who waits, or was removed before. */
  toUserId: UserId;
  /** Whether they may come in; yes unless said otherwise. */
  admitted?: boolean | null;
}

/** `call:raise_hand` */
export interface RaiseHand {
  /** The room. */
  roomName: RoomName;
  /** Whose hand. */
  userId: UserId;
  /** Whether it is up. */
  raised: boolean;
}

/** `call:react` */
export interface React {
  /** The room. */
  roomName: RoomName;
  /** Who. */
  userId: UserId;
  /** The app's own name for this one: said again with the same name, it has one effect. */
  messageId: string;
  /** What they show. */
  reaction: Reaction;
}

/** What somebody shows for a moment. How it looks is the app's. */
export type Reaction =
  /** Yes, good. */
  | "thumbs_up"
  /** No, not good. */
  | "thumbs_down"
  /** Love. */
  | "heart"
  /** That is funny. */
  | "laugh"
  /** That is surprising. */
  | "surprise"
  /** That is sad. */
  | "sad"
  /** Applause. */
  | "clap"
  /** A reason to celebrate. */
  | "party";

/** `call:chat`, from a client. */
export interface Chat {
  /** The room. */
  roomName: RoomName;
  /** Who writes. */
  userId: UserId;
  /** The app's own name for this message: said again with the same name, it has one effect. */
  messageId: string;
  /** What they write; it may have several lines. */
  text: string;
}

/** To `call:chat`. */
export interface Written {
  /** When it reached the server, as the others are told. Said again, it reached it the first time. */
  sentAt: UnixMillis;
}

/** `call:answer` */
export interface Answer {
  /** The room. */
  roomName: RoomName;
  /** Who answered; `0` is the media server. */
  userId: Recipient;
  /** The answer. */
  sdpAnswer: Sdp;
  /** For the one who called. */
  iceServers: IceServers;
}

/** `call:ended` */
export interface Ended {
  /** The room. */
  roomName: RoomName;
  /** Why. */
  reason: EndedReason;
  /** Who ended it; nobody when time or the server did. */
  endedBy: UserId | null;
  /** From accept to end. */
  duration: Seconds;
  /** After both called each other at once: the room of the call that goes on instead. */
  replacedBy?: RoomName;
}

/** Why a call is over for the one who is told. */
export type EndedReason =
  /** Somebody hung up. */
  | "completed"
  /** The caller gave up before an answer. */
  | "cancelled"
  /** It could not be connected, or somebody did not come back. */
  | "failed"
  /** Nobody answered here in time. */
  | "missed"
  /** Another device of this user answered. */
  | "answered_elsewhere"
  /** Another device of this user said no. */
  | "declined_elsewhere"
  /** Another device of this user is in a call. */
  | "busy_elsewhere"
  /** The other side did not answer in time. */
  | "timeout"
  /** The server stopped. */
  | "server_shutdown"
  /** The host removed you, or did not let you in. */
  | "removed";

/** `call:rejected` */
export interface Rejected {
  /** The room. */
  roomName: RoomName;
  /** Who said no. */
  userId: UserId;
  /** Why. */
  reason: RejectReason;
}

/** `user:joined_call` */
export interface UserInCall {
  /** The room. */
  roomName: RoomName;
  /** Who. */
  userId: UserId;
  /** Their name. */
  userName: string;
  /** Their picture. */
  avatar: string | null;
  /** Whether their microphone is on. */
  audio: boolean;
  /** Whether their camera is on. */
  video: boolean;
}

/** `user:left_call` */
export interface LeftCall {
  /** The room. */
  roomName: RoomName;
  /** Who. */
  userId: UserId;
  /** Their name. */
  userName: string;
  /** Their picture. */
  avatar: string | null;
  /** Whether their microphone was on. */
  audio: boolean;
  /** Whether their camera was on. */
  video: boolean;
  /** Who is the host now, if they were. */
  hostId?: UserId;
}

/** `user:media_changed` */
export interface MediaChanged {
  /** The room. */
  roomName: RoomName;
  /** Whose. */
  userId: UserId;
  /** Whether the microphone is on. */
  audio: boolean;
  /** Whether the camera is on. */
  video: boolean;
  /** Whether the screen is shared. */
  screen?: boolean;
}

/** `user:reconnecting` and `user:reconnected` */
export interface Presence {
  /** The room. */
  roomName: RoomName;
  /** Who. */
  userId: UserId;
}

/** `call:renegotiate`, from the server. */
export type RelayedRenegotiate = {
  /** The room. */
  roomName: RoomName;
  /** From whom; `0` is the media server. */
  fromUserId: Recipient;
} & (
  | {
      /** A new offer. */
      sdpOffer: Sdp;
      sdpAnswer?: never;
    }
  | {
      sdpOffer?: never;
      /** The answer to one. */
      sdpAnswer: Sdp;
    }
);

/** `call:muted` */
export interface Muted {
  /** The room. */
  roomName: RoomName;
  /** Whose microphone: yours. */
  userId: UserId;
  /** Who switched it off. */
  mutedBy: UserId;
}

/** `user:hand_changed` */
export interface HandChanged {
  /** The room. */
  roomName: RoomName;
  /** Whose hand. */
  userId: UserId;
  /** Since when it is up; it is down without. */
  handRaisedAt?: UnixMillis;
}

/** `user:reacted` */
export interface Reacted {
  /** The room. */
  roomName: RoomName;
  /** Who. */
  userId: UserId;
  /** What they show. */
  reaction: Reaction;
}

/** `call:chat`, from the server. */
export interface ChatMessage {
  /** The room. */
  roomName: RoomName;
  /** Who wrote it. */
  userId: UserId;
  /** Their name. */
  userName: string;
  /** Its writer's own name for it. */
  messageId: string;
  /** What they wrote: plain text. */
  text: string;
  /** When it reached the server. */
  sentAt: UnixMillis;
}

/** `call:room_changed` */
export interface RoomChanged {
  /** The room. */
  roomName: RoomName;
  /** Nobody new comes in. */
  locked: boolean;
  /** Newcomers wait until the host lets them in. */
  waitingRoom: boolean;
  /** Who changed it. */
  changedBy: UserId;
}

/** `call:waiting` */
export interface Waiting {
  /** The room. */
  roomName: RoomName;
  /** Everyone who waits, in the order in which they came. */
  waiting: WaitingUser[];
}

/** One who waits to be let in. */
export interface WaitingUser {
  /** Who. */
  userId: UserId;
  /** Their name. */
  userName: string;
  /** Their picture. */
  avatar: string | null;
  /** Since when. */
  since: UnixMillis;
}

/** `call:speakers` */
export interface Speakers {
  /** The room. */
  roomName: RoomName;
  /** The one to show large. */
  dominant: UserId | null;
  /** Everyone who is heard. */
  speakers: Speaker[];
}

/** One who is heard. */
export interface Speaker {
  /** Who. */
  userId: UserId;
  /** How loud, 0 to 1. */
  level: number;
}

/** `call:streams` */
export interface Streams {
  /** The room. */
  roomName: RoomName;
  /** Everything that is sent to you; what is not named is not sent. */
  streams: StreamPlace[];
}

/** In which media section somebody is heard or seen. */
export interface StreamPlace {
  /** The media section of the media server's description. */
  mid: string;
  /** Whose it is. */
  userId: UserId;
  /** What it is. */
  kind: StreamKind;
}

/** What somebody sends. */
export type StreamKind =
  /** What the microphone hears. */
  | "audio"
  /** What the camera sees. */
  | "camera"
  /** The shared screen. */
  | "screen";

/** `call:wanted` */
export interface Wanted {
  /** The room. */
  roomName: RoomName;
  /** The height of the largest layer of your camera that anybody can use; 0 if nobody looks. */
  camera: number;
  /** Whether anybody looks at your shared screen. */
  screen: boolean;
}

/** `call:error` */
export interface CallError {
  /** The event that failed. */
  event: string;
  /** What a program matches on. */
  code: ErrorCode;
  /** One sentence that a person can act on. */
  message: string;
  /** The room it was about. */
  roomName?: RoomName;
}

/** Why the server refused. */
export type ErrorCode =
  /** The message does not fit the contract; the text names the field. */
  | "bad_request"
  /** No valid proof of who is speaking, or `call:register` has not been said yet. */
  | "unauthorized"
  /** A proof, but not for this: another's id, another's call, a group one is not in. */
  | "forbidden"
  /** No such room, group or route. */
  | "not_found"
  /** The callee has neither a connected device nor a push token. */
  | "recipient_offline"
  /** The callee is in a call and their app cannot take a second one. */
  | "recipient_busy"
  /** This device is in a call already. */
  | "already_in_call"
  /** Another device, or this one before, answered. */
  | "already_answered"
  /** The call is over. */
  | "expired"
  /** The room takes no further participant. */
  | "room_full"
  /** Too much at once: wait and try again. */
  | "rate_limited"
  /** The message is larger than the server takes. */
  | "too_large"
  /** It contradicts what is: the room name is taken, the call is not at that point. */
  | "conflict"
  /** No event of that name. */
  | "unknown_event"
  /** The server cannot do it now: it is stopping, or a part of it is not configured. */
  | "unavailable"
  /** Our fault. */
  | "internal";

/** A refusal: the code for the program, one sentence for the person. */
export interface Refusal {
  /** What a program matches on. */
  code: ErrorCode;
  /** One sentence that a person can act on. */
  message: string;
}
