// The line to the server: who we are, what is asked and answered, and what is done when it breaks.
import { io, type Socket } from "socket.io-client";
import type {
  Answers,
  ClientEvents,
  ErrorCode,
  GroupIncoming,
  HandshakeAuth,
  IceServers,
  Incoming,
  Registered,
  ServerEvents,
  UserId,
} from "../protocol";
import type { Ask, Outcome, ServerMessage } from "./state";

/** An answer that did not come after this long is lost. */
const PATIENCE = 10_000;

/** A server that cannot now is asked again after this long. */
const AGAIN = 2000;

/** What does not get better by trying again. */
const FINAL: ReadonlySet<ErrorCode> = new Set(["unauthorized", "forbidden", "bad_request"]);

/** How the line is. */
export type LineState =
  | { is: "connecting" }
  | { is: "up" }
  /** It broke, and comes back by itself. */
  | { is: "down" }
  /** The sign-in has run out. It comes back with a new one: `renew`. */
  | { is: "expired" }
  /** It does not come back: another window took our place, or the sign-in does not count. */
  | { is: "refused"; code: ErrorCode | "replaced"; message: string };

/** What a line tells. */
export interface LineEvents {
  state: (state: LineState) => void;
  /** The server knows us (again). What is asked from within goes before all that waited. */
  registered: (servers: IceServers, pending: Incoming[], groups: GroupIncoming[]) => void;
  message: (message: ServerMessage) => void;
}

/** Who speaks, and how that is proved. */
export interface Identity {
  user: UserId;
  auth: HandshakeAuth;
}

/** The line of one device of one user. */
export class Line {
  readonly user: UserId;
  readonly #socket: Socket<ServerEvents, ClientEvents>;
  readonly #events: LineEvents;
  readonly #device: string;
  #auth: HandshakeAuth;
  #isUp = false;
  /** Whether the server knew us before, so that a sign-in that it refuses now has run out. */
  #wasKnown = false;
  /** Whether the server said that the sign-in has run out. */
  #isExpired = false;
  /** Whether the sign-in of now was not tried yet. */
  #isFresh = true;
  /** Whether nothing is tried until there is another one. */
  #isWaiting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What waits for the line. */
  #waiting: Array<() => void> = [];

  constructor(server: string, { user, auth }: Identity, device: string, events: LineEvents) {
    [this.user, this.#auth, this.#events, this.#device] = [user, auth, events, device];
    this.#socket = io(server, {
      // Asked for at each attempt: the one that is good now.
      auth: (give) => {
        this.#isFresh = false;
        give({ ...this.#auth });
      },
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 3000,
    });
    this.#socket.on("connect", () => void this.#register());
    this.#socket.on("disconnect", (reason) => {
      this.#isUp = false;
      if (reason === "io client disconnect") return;
      if (this.#isExpired) return this.#signInAgain();
      if (reason === "io server disconnect") this.#refused("replaced", "");
      else events.state({ is: "down" });
    });
    this.#socket.on("connect_error", (error) => {
      const { data } = error as Error & { data?: { code?: ErrorCode } };
      // One that the server let in no further; what failed on the way there is tried again.
      if (data?.code === "unauthorized" && this.#wasKnown) return this.#signInAgain();
      if (data?.code && FINAL.has(data.code)) return this.#refused(data.code, error.message);
      events.state({ is: "down" });
      // The library tries again by itself, but not after a word of the server.
      if (data?.code) this.#later(() => this.#socket.connect());
    });
    this.#socket.on("call:error", ({ event, code }) => {
      if (event === "connect" && code === "unauthorized") this.#isExpired = true;
    });
    this.#socket.onAny((name: keyof ServerEvents, payload: object) => {
      events.message({ name, payload } as ServerMessage);
    });
  }

  /** Asks, as soon as the server knows us. */
  ask(question: Ask): Promise<Outcome> {
    return new Promise((resolve) => {
      const now = (): void => resolve(this.#askNow(question));
      if (this.#isUp) now();
      else this.#waiting.push(now);
    });
  }

  /** Another sign-in of the same user. While the one of before is good it waits for its turn. */
  renew(auth: HandshakeAuth): void {
    [this.#auth, this.#isFresh] = [auth, true];
    if (this.#isWaiting) this.#signInAgain();
  }

  /** Breaks the connection, as a train does in a tunnel; it comes back by itself. */
  cut(): void {
    this.#socket.io.engine.close();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.disconnect();
  }

  /** With the sign-in that came meanwhile, or as soon as one comes. What goes on here goes on. */
  #signInAgain(): void {
    this.#isExpired = false;
    this.#isWaiting = !this.#isFresh;
    this.#events.state({ is: this.#isWaiting ? "expired" : "down" });
    if (this.#isWaiting) this.#socket.disconnect();
    else this.#socket.connect();
  }

  async #register(): Promise<void> {
    const payload = { userId: this.user, deviceId: this.#device, platform: "web", callWaiting: false };
    const outcome = await this.#askNow({ name: "call:register", payload });
    if (outcome.is === "refused" && FINAL.has(outcome.code)) return this.#refused(outcome.code, "");
    if (outcome.is !== "ok") {
      // If the connection broke meanwhile, a new one follows.
      if (this.#socket.connected) this.#later(() => void this.#register());
      return;
    }
    const { iceServers, pending, pendingGroups } = outcome.answer as Registered;
    [this.#isUp, this.#wasKnown] = [true, true];
    this.#events.state({ is: "up" });
    this.#events.registered(iceServers, pending, pendingGroups);
    for (const ask of this.#waiting.splice(0)) ask();
  }

  async #askNow({ name, payload }: Ask): Promise<Outcome> {
    try {
      const emit = this.#socket.timeout(PATIENCE).emitWithAck as (
        name: string,
        payload: object,
      ) => Promise<({ ok: true } & Answers[keyof Answers]) | { ok: false; error: { code: ErrorCode } }>;
      const answer = await emit.call(this.#socket.timeout(PATIENCE), name, payload);
      return answer.ok ? { is: "ok", answer } : { is: "refused", code: answer.error.code };
    } catch {
      return { is: "lost" };
    }
  }

  #later(act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, AGAIN);
  }

  #refused(code: ErrorCode | "replaced", message: string): void {
    this.#isUp = false;
    this.#events.state({ is: "refused", code, message });
    this.#socket.disconnect();
  }
}
