// What a page holds: a line to the server, a microphone and a camera, and at most one call.
import type { GroupIncoming, IceServers, Incoming, UserId } from "../protocol";
import { Call } from "./call";
import { Media } from "./media";
import { thatRings, toDial, toJoin } from "./reduce";
import { textOf } from "./sdp";
import { Line, type Identity, type LineState } from "./signal";
import { newPerson, type Beginning, type Kind, type ServerMessage } from "./state";

/** One page of one user. */
export class Phone {
  readonly media: Media;
  readonly user: UserId;
  line: LineState = { is: "connecting" };
  /** The call of now, or the one that ended last. */
  call: Call | null = null;
  readonly #line: Line;
  readonly #listeners = new Set<() => void>();
  #servers: IceServers = [];
  #version = 0;
  /** The room of the other call, when both called each other: it is answered by itself. */
  #replacedBy: string | null = null;

  constructor(server: string, identity: Identity, device: string, media = new Media()) {
    [this.user, this.media] = [identity.user, media];
    this.#line = new Line(server, identity, device, {
      state: (line) => this.#lineIs(line),
      registered: (servers, pending, groups) => this.#registered(servers, pending, groups),
      message: (message) => this.#heard(message),
    });
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  version = (): number => this.#version;

  dial(other: UserId): Call {
    const kind: Kind = { is: "pair", with: other };
    return this.#begin(new Call(toDial(this.#beginning(crypto.randomUUID(), kind), now()), this.#outside()), "dial");
  }

  dialGroup(group: number): Call {
    const kind: Kind = { is: "group", group, name: "" };
    return this.#begin(new Call(toDial(this.#beginning(crypto.randomUUID(), kind), now()), this.#outside()), "dial");
  }

  join(room: string): Call {
    return this.#begin(new Call(toJoin(this.#beginning(room, { is: "room" })), this.#outside()), "join");
  }

  /** A new proof of who this is, before the one of now runs out or after it did. What goes on goes on. */
  renew(auth: Identity["auth"]): void {
    this.#line.renew(auth);
  }

  /** For tests and for the curious: the line breaks, and comes back by itself. */
  cut(): void {
    this.#line.cut();
  }

  close(): void {
    this.#line.close();
    this.media.close();
  }

  #outside(): ConstructorParameters<typeof Call>[1] {
    return { ask: (question) => this.#line.ask(question), media: this.media, now };
  }

  #beginning(room: string, kind: Kind): Beginning {
    const mine = { audio: this.media.track("audio")?.enabled ?? false, video: this.media.track("camera") !== null };
    return { me: this.user, room, kind, servers: this.#servers, isLineUp: this.line.is === "up", mine };
  }

  #begin(call: Call, event: "dial" | "join" | null): Call {
    this.call = call;
    call.subscribe(() => this.#changed());
    if (event) call.send({ event });
    this.#changed();
    return call;
  }

  #lineIs(line: LineState): void {
    this.line = line;
    if (line.is !== "up") this.call?.send({ event: "line", isUp: false, servers: null });
    if (line.is === "refused") {
      // It does not come back, so nobody would hear of what happens here.
      this.call?.send({ event: "hangUp" });
      this.media.release();
    }
    this.#changed();
  }

  #registered(servers: IceServers, pending: Incoming[], groups: GroupIncoming[]): void {
    this.#servers = servers;
    this.call?.send({ event: "line", isUp: true, servers });
    this.#stopRinging([...pending, ...groups].map(({ roomName }) => roomName));
    for (const incoming of pending) this.#rings(incoming);
    for (const incoming of groups) this.#groupRings(incoming);
  }

  #heard(message: ServerMessage): void {
    if (message.name === "call:incoming") this.#rings(message.payload);
    if (message.name === "group_call:incoming") this.#groupRings(message.payload);
    const { call } = this;
    if (!call || !("roomName" in message.payload) || message.payload.roomName !== call.state.room) return;
    const wasLive = call.state.phase.is !== "ended";
    call.send({ event: "server", message });
    if (message.name === "call:ended" && wasLive) this.#replacedBy = message.payload.replacedBy ?? null;
  }

  /** What rang here and does not any more, has stopped while the line was away. */
  #stopRinging(stillRing: string[]): void {
    const { call } = this;
    if (call?.state.phase.is !== "ringing" || stillRing.includes(call.state.room)) return;
    const payload = { roomName: call.state.room, reason: "missed", endedBy: null, duration: 0 } as const;
    call.send({ event: "server", message: { name: "call:ended", payload } });
  }

  #rings({ roomName, fromId, fromName, fromAvatar, callType, sdpOffer, expiresAt }: Incoming): void {
    const wanted = this.#replacedBy === roomName;
    if (!this.#isFree(roomName) && !wanted) return;
    const beginning = this.#beginning(roomName, { is: "pair", with: fromId });
    const state = thatRings(beginning, textOf(sdpOffer), expiresAt);
    state.people[fromId] = { ...newPerson(fromId, fromName, fromAvatar, now()), video: callType === "video" };
    state.wantsVideo = callType === "video";
    const call = this.#begin(new Call(state, this.#outside()), null);
    if (wanted) call.send({ event: "accept" });
  }

  #groupRings({ roomName, groupId, groupName, initiatorId, initiatorName, callType, expiresAt }: GroupIncoming): void {
    if (!this.#isFree(roomName)) return;
    const beginning = this.#beginning(roomName, { is: "group", group: groupId, name: groupName });
    const state = thatRings(beginning, null, expiresAt);
    state.people[initiatorId] = newPerson(initiatorId, initiatorName, null, now());
    state.wantsVideo = callType === "video";
    this.#begin(new Call(state, this.#outside()), null);
  }

  /** Whether something may ring here. The server tells the caller that we are busy, since we take no second call. */
  #isFree(roomName: string): boolean {
    const { call } = this;
    return !call || (call.state.phase.is === "ended" && call.state.room !== roomName);
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}

/** On the clock of `UnixMillis`, without its jumps. */
const now = (): number => Math.round(performance.timeOrigin + performance.now());
