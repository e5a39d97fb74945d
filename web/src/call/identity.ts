// Who sits here, and what the page was opened for.
import type { Identity } from "../calls/signal";

/** What the address asks for. */
export type Goal = { is: "room"; room: string } | { is: "person"; user: number } | { is: "group"; group: number };

/** How people sign in on this server. */
export type SignIn = "open" | "required";

const TOKEN = "calls.token";
const USER = "calls.user";
const DEVICE = "calls.device";

/** What a room may be called. */
export const ROOM_NAME = /^[A-Za-z0-9_.:-]{1,100}$/;

/** What stands in `?room=`, `?to=` or `?group=`. */
export function goalOf(search: string): Goal | null {
  const wanted = new URLSearchParams(search);
  const [room, user, group] = [wanted.get("room"), idOf(wanted.get("to")), idOf(wanted.get("group"))];
  if (room !== null && ROOM_NAME.test(room)) return { is: "room", room };
  if (user !== null) return { is: "person", user };
  return group === null ? null : { is: "group", group };
}

export function idOf(text: string | null): number | null {
  const id = /^[1-9]\d{0,15}$/.test(text ?? "") ? Number(text) : NaN;
  return Number.isSafeInteger(id) ? id : null;
}

/** The user that a token names. Whether it is good is the server's to say. */
export function userOf(token: string): number | null {
  return idOf(String(claimsOf(token).sub));
}

/** When a token runs out by its own word, in milliseconds since 1970. */
export function endOf(token: string): number | null {
  const { exp } = claimsOf(token);
  return typeof exp === "number" && Number.isFinite(exp) ? exp * 1000 : null;
}

function claimsOf(token: string): { sub?: unknown; exp?: unknown } {
  try {
    const [, claims = ""] = token.split(".");
    const read: unknown = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/")));
    return typeof read === "object" && read !== null ? read : {};
  } catch {
    return {};
  }
}

/**
 * Who was named in the address, or here before. A fragment is sent to no server; it is taken out of the address, so that
 * a copied link does not carry a token.
 */
export function knownIdentity(signIn: SignIn): Identity | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const [token, user] = [fragment.get("token"), fragment.get("user")];
  if (token || user) history.replaceState(null, "", location.pathname + location.search);
  if (token) keepToken(token);
  if (user) sessionStorage.setItem(USER, user);
  if (signIn === "required") return byToken(sessionStorage.getItem(TOKEN) ?? "");
  const id = idOf(sessionStorage.getItem(USER));
  return id === null ? null : { user: id, auth: {} };
}

export function byToken(token: string): Identity | null {
  const user = userOf(token.trim());
  if (user === null) return null;
  keepToken(token.trim());
  return { user, auth: { token: token.trim() } };
}

export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN, token);
}

export function byNumber(text: string): Identity | null {
  const user = idOf(text.trim());
  if (user === null) return null;
  sessionStorage.setItem(USER, String(user));
  return { user, auth: {} };
}

export function forgetIdentity(): void {
  sessionStorage.removeItem(TOKEN);
  sessionStorage.removeItem(USER);
}

/** The name of this window: the same after a reload, another one in a window beside it. */
export function device(): string {
  const known = sessionStorage.getItem(DEVICE);
  if (known) return known;
  const made = crypto.randomUUID();
  sessionStorage.setItem(DEVICE, made);
  return made;
}

/** How people sign in here; without an answer, as they usually do. */
export async function askSignIn(): Promise<SignIn> {
  const response = await fetch("/api/health", { cache: "no-store" });
  const { auth } = (await response.json()) as { auth?: unknown };
  return auth === "open" ? "open" : "required";
}
