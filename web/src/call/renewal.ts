// A sign-in that runs out during a call: another one is asked for in time of whoever opened the page, or of the person.
import { endOf, userOf } from "./identity";

/** So long before its end another one is asked for: the server takes one for another minute, since clocks differ. */
export const ASK_BEFORE = 60_000;

/** An opener who can answers at once; after this the person is asked as well, and the opener again. */
export const PATIENCE = 5000;

/** No timer of a browser is longer. */
const LONGEST = 2 ** 31 - 1;

/** What of a window is needed; tests bring their own. */
export type Surroundings = Pick<Window, "addEventListener" | "removeEventListener" | "opener" | "location" | "history">;

/** What is told. */
export interface RenewalEvents {
  /** Another token of the same user is there. */
  renewed: (token: string) => void;
  /** Whether the person has to help, since nobody else did. */
  needsPerson: (needs: boolean) => void;
}

/**
 * Watches the sign-in of one user. The opener is sent `{ calls: "token-wanted" }` and answers `{ calls: "token", token }`;
 * whoever holds the window may as well set `#token=…` in its address, which loads nothing anew.
 */
export class Renewal {
  readonly #user: number;
  readonly #window: Surroundings;
  readonly #events: RenewalEvents;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(user: number, token: string, events: RenewalEvents, surroundings: Surroundings = window) {
    [this.#user, this.#window, this.#events] = [user, surroundings, events];
    surroundings.addEventListener("message", this.#heard);
    surroundings.addEventListener("hashchange", this.#addressed);
    this.#wait(token);
  }

  /** The server says that it has run out, whatever our clock says. */
  expired(): void {
    this.#ask();
  }

  /** What the person gave. False: it is none, or somebody else's. */
  offer(token: string): boolean {
    const trimmed = token.trim();
    if (userOf(trimmed) !== this.#user) return false;
    this.#events.needsPerson(false);
    this.#events.renewed(trimmed);
    this.#wait(trimmed);
    return true;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#window.removeEventListener("message", this.#heard);
    this.#window.removeEventListener("hashchange", this.#addressed);
  }

  #wait(token: string): void {
    clearTimeout(this.#timer);
    const end = endOf(token);
    // One without an end never runs out.
    if (end === null) return;
    const left = end - ASK_BEFORE - Date.now();
    this.#timer = setTimeout(() => (left > LONGEST ? this.#wait(token) : this.#ask()), Math.min(Math.max(0, left), LONGEST));
  }

  #ask(): void {
    clearTimeout(this.#timer);
    // It says nothing that is not known to whoever opened this page, so it need not be known who that is.
    (this.#window.opener as Window | null)?.postMessage({ calls: "token-wanted" }, "*");
    this.#timer = setTimeout(() => {
      this.#events.needsPerson(true);
      this.#ask();
    }, PATIENCE);
  }

  #heard = (event: Event): void => {
    const { source, data } = event as MessageEvent<unknown>;
    if (source === null || source !== this.#window.opener || typeof data !== "object" || data === null) return;
    const { calls, token } = data as { calls?: unknown; token?: unknown };
    if (calls === "token" && typeof token === "string") this.offer(token);
  };

  #addressed = (): void => {
    const { hash, pathname, search } = this.#window.location;
    const token = new URLSearchParams(hash.slice(1)).get("token");
    if (!token) return;
    this.#window.history.replaceState(null, "", pathname + search);
    this.offer(token);
  };
}
