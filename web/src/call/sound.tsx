// Everybody's voice. While a room moves, a voice comes by two ways, and one of them is played.
import { useEffect, useRef, useState } from "react";
import type { Call, Coming } from "../calls/call";
import { say } from "./text";

/** Voices of all others, for as long as they are in the call. */
export function Sound({ call, speaker }: { call: Call; speaker: string | null }) {
  const [isBlocked, setBlocked] = useState(false);
  const blocked = (): void => setBlocked(true);
  const users = Object.keys(call.state.people).map(Number);
  return (
    <>
      {users.flatMap((user) => {
        const ways = call.voices(user);
        const chosen = choose(ways);
        return ways.map((way) => (
          <Voice key={way.track.id} user={user} way={way} isChosen={way === chosen} speaker={speaker} onBlocked={blocked} />
        ));
      })}
      {isBlocked && (
        <button
          type="button"
          className="absolute inset-x-0 top-2 z-30 mx-auto min-h-11 w-fit rounded-xl bg-accent px-4 font-medium text-on-accent"
          onClick={() => {
            for (const element of document.querySelectorAll("audio")) void element.play();
            setBlocked(false);
          }}
        >
          {say("tapToHear")}
        </button>
      )}
    </>
  );
}

/** The first way that brings sound already; without any, the first. */
function choose(ways: Coming[]): Coming | undefined {
  return ways.find(({ receiver }) => receiver.getSynchronizationSources().length > 0) ?? ways[0];
}

function Voice({
  user,
  way,
  isChosen,
  speaker,
  onBlocked,
}: {
  user: number;
  way: Coming;
  isChosen: boolean;
  speaker: string | null;
  onBlocked: () => void;
}) {
  const element = useRef<HTMLAudioElement>(null);
  const { track, from } = way;
  useEffect(() => {
    const { current } = element;
    if (!current) return;
    current.srcObject = new MediaStream([track]);
    current.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") onBlocked();
    });
    return () => {
      current.srcObject = null;
    };
  }, [track]);
  useEffect(() => {
    // A loudspeaker that is gone is the browser's usual one.
    if (speaker) element.current?.setSinkId?.(speaker).catch(() => {});
  }, [speaker]);
  return <audio ref={element} muted={!isChosen} data-user={user} data-from={from} />;
}
