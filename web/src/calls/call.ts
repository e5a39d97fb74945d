// Runs one call: events go into the rules, effects come out and become I/O. No rule stands here.
import type { Recipient, Stats, UserId } from "../protocol";
import type { Media } from "./media";
import { Peer, type Came, type Kind } from "./peer";
import { deadline, reduce } from "./reduce";
import { MEDIA_SERVER, type CallEvent, type CallState, type Effect, type Outcome } from "./state";
import type { Ask } from "./state";
import { isHeardByServer } from "./way";

/** How often we listen ourselves who speaks. */
const LISTEN_EVERY = 200;

/** A track of somebody, and by which connection it comes. */
export interface Coming {
  from: Recipient;
  track: MediaStreamTrack;
  receiver: RTCRtpReceiver;
}

/** What a call needs of the outside. */
export interface Outside {
  ask: (question: Ask) => Promise<Outcome>;
  media: Media;
  /** On the clock of `UnixMillis`; it never goes back. */
  now: () => number;
}

/** One call as it runs. */
export class Call {
  state: CallState;
  readonly #outside: Outside;
  readonly #peers = new Map<Recipient, { build: number; peer: Peer }>();
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ears: ReturnType<typeof setInterval> | undefined;
  #version = 0;
  #offMedia: () => void;
  #sent = new Map<Kind, MediaStreamTrack | null>();

  constructor(state: CallState, outside: Outside) {
    [this.state, this.#outside] = [state, outside];
    this.#offMedia = outside.media.subscribe(() => this.#mediaChanged());
    this.#ears = setInterval(() => this.#listen(), LISTEN_EVERY);
    addEventListener("online", this.#networkChanged);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Another number whenever the state or the tracks are others. */
  version = (): number => this.#version;

  /** Something happens to the call. */
  send(event: CallEvent): void {
    const before = this.state;
    const [state, effects] = reduce(before, event, this.#outside.now());
    this.state = state;
    for (const effect of effects) this.#run(effect);
    if (state.wanted !== before.wanted) this.#peers.get(MEDIA_SERVER)?.peer.adapt();
    if (state.mine.audio !== before.mine.audio) this.#outside.media.setAudio(state.mine.audio);
    this.#wakeAt(deadline(this.state));
    if (this.state.phase.is === "ended") this.#close();
    this.#changed();
  }

  /** Somebody's voice: each way by which it comes, the one to play first. */
  voices(user: UserId): Coming[] {
    const straight = this.#came(user).filter(({ track }) => track.kind === "audio");
    const served = this.#served(user, "audio");
    const ways = isHeardByServer(this.state, user) ? [...served, ...straight] : [...straight, ...served];
    return ways;
  }

  /** Somebody's picture, by the way that brings it. */
  picture(user: UserId, kind: "camera" | "screen"): Coming | undefined {
    const [served] = this.#served(user, kind);
    if (served) return served;
    const pictures = this.#came(user).filter(({ track }) => track.kind === "video");
    return pictures[kind === "camera" ? 0 : 1];
  }

  /** The connections that there are, for figures. */
  connections(): Array<{ to: Recipient; connection: RTCPeerConnection }> {
    return [...this.#peers].map(([to, { peer }]) => ({ to, connection: peer.connection }));
  }

  /** Tells the server how it sounds here. */
  report(stats: Stats): void {
    void this.#outside.ask({ name: "call:stats", payload: stats });
  }

  #came(from: Recipient): Coming[] {
    const came = this.#peers.get(from)?.peer.came() ?? [];
    return came.map(({ track, receiver }) => ({ from, track, receiver }));
  }

  #served(user: UserId, kind: "audio" | "camera" | "screen"): Coming[] {
    const place = this.state.streams.find((place) => place.userId === user && place.kind === kind);
    const came: Came | undefined = place && this.#peers.get(MEDIA_SERVER)?.peer.came().find(({ mid }) => mid === place.mid);
    return came ? [{ from: MEDIA_SERVER, track: came.track, receiver: came.receiver }] : [];
  }

  #run(effect: Effect): void {
    if (effect.effect === "ask") {
      const { what, isAgain, id, ask } = effect;
      void this.#outside.ask(ask).then((outcome) => this.send({ event: "acked", what, isAgain, id, outcome }));
      return;
    }
    const { to, build, order } = effect;
    if (order.order === "create") {
      const peer = new Peer(order, {
        track: (kind) => this.#outside.media.track(kind),
        wanted: () => (to === MEDIA_SERVER ? this.state.wanted : null),
        // A connection speaks when its browser likes, also from within an order.
        tell: (from) => queueMicrotask(() => this.send({ event: "peer", to, build, from })),
        changed: () => this.#changed(),
      });
      this.#peers.set(to, { build, peer });
      return;
    }
    const there = this.#peers.get(to);
    if (there?.build !== build) return;
    there.peer.take(order);
    if (order.order === "close") this.#peers.delete(to);
  }

  #mediaChanged(): void {
    for (const kind of ["audio", "camera", "screen"] as const) {
      const track = this.#outside.media.track(kind);
      if (this.#sent.has(kind) && this.#sent.get(kind) === track) continue;
      this.#sent.set(kind, track);
      for (const { peer } of this.#peers.values()) void peer.replace(kind);
    }
    this.#changed();
  }

  #listen(): void {
    const { state } = this;
    if (state.phase.is !== "talking" || state.way.is === "byServer") return;
    const levels: Record<UserId, number> = {};
    const now = performance.timeOrigin + performance.now();
    for (const [user, { peer }] of this.#peers) {
      if (user === MEDIA_SERVER) continue;
      const sound = peer.came().find(({ track }) => track.kind === "audio");
      const [source] = sound?.receiver.getSynchronizationSources() ?? [];
      if (source?.audioLevel && now - source.timestamp < 500) levels[user] = Math.round(source.audioLevel * 20) / 20;
    }
    const same = JSON.stringify(levels) === JSON.stringify(state.loudness);
    if (!same) this.send({ event: "levels", levels });
  }

  #networkChanged = (): void => this.send({ event: "network" });

  #wakeAt(at: number): void {
    clearTimeout(this.#timer);
    if (at === Infinity) return;
    this.#timer = setTimeout(() => this.send({ event: "tick" }), Math.max(0, at - this.#outside.now()));
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }

  #close(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#ears);
    this.#offMedia();
    removeEventListener("online", this.#networkChanged);
  }
}
