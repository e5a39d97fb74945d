// What happens is said in words: a line that fades, and the same for those who hear the page.
import { useEffect, useRef, useState } from "react";
import type { CallState } from "../calls/state";
import { nameIn } from "./names";
import { say } from "./text";

const SHOWN_FOR = 4000;

/** What is new between two moments of a call, in words. */
export function newsBetween(before: CallState, now: CallState): string[] {
  const news: string[] = [];
  // Whoever comes in hears of nobody who was there before.
  if (before.phase.is !== "talking" || now.phase.is !== "talking" || now.kind.is === "pair") return news;
  for (const user of Object.keys(now.people).map(Number)) {
    const [was, is] = [before.people[user], now.people[user]];
    if (!was) news.push(say("joined", nameIn(now, user)));
    else if (is && was.handRaisedAt === null && is.handRaisedAt !== null) news.push(say("handOf", nameIn(now, user)));
    else if (is && !was.screen && is.screen) news.push(say("shares", nameIn(now, user)));
  }
  for (const user of Object.keys(before.people).map(Number)) {
    if (!now.people[user]) news.push(say("left", nameIn(before, user)));
  }
  if (now.mutedByHost > before.mutedByHost) news.push(say("mutedByHost"));
  for (const { userId, userName } of now.waiting) {
    if (!before.waiting.some((other) => other.userId === userId)) news.push(say("someoneWaits", userName));
  }
  return news;
}

export function News({ state }: { state: CallState }) {
  const before = useRef(state);
  const [line, setLine] = useState("");
  useEffect(() => {
    const news = newsBetween(before.current, state);
    before.current = state;
    if (news.length > 0) setLine(news.slice(-2).join(" · "));
  }, [state]);
  useEffect(() => {
    if (!line) return;
    const timer = setTimeout(() => setLine(""), SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [line]);
  return (
    <p
      className={`pointer-events-none absolute inset-x-0 bottom-24 z-20 mx-auto w-fit max-w-[90%] truncate rounded-xl bg-black/75 px-4 py-2 text-sm text-white ${
        line ? "" : "opacity-0"
      }`}
      role="status"
      aria-live="polite"
    >
      {line}
    </p>
  );
}
