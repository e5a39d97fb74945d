// What people are called on the screen.
import type { CallState, Person } from "../calls/state";
import { say } from "./text";

export function nameOf({ user, name }: Pick<Person, "user" | "name">): string {
  return name || say("user", String(user));
}

/** The name of somebody who is in the call, was in it, or is oneself. */
export function nameIn(call: CallState, user: number): string {
  return user === call.me ? say("you") : nameOf(call.people[user] ?? { user, name: "" });
}
