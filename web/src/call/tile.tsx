// One picture of the call: a camera, a screen, or the letters of whoever shows nothing.
import { useEffect, useRef, useState } from "react";
import { Icon } from "./icons";
import type { Place } from "./layout";
import { Avatar } from "./parts";
import { REACTIONS, say } from "./text";
import type { Shown } from "../calls/state";

/** What a tile shows. */
export interface TileProps {
  user: number;
  kind: "camera" | "screen";
  name: string;
  avatar: string | null;
  place: Place;
  track: MediaStreamTrack | null;
  isSelf: boolean;
  isMuted: boolean;
  isAway: boolean;
  isConnecting: boolean;
  hasHand: boolean;
  isPinned: boolean;
  /** 0 to 1. */
  loudness: number;
  shown: Shown[];
  isFloating: boolean;
  onPin: () => void;
  /** Watches the size of it, for whoever sends the picture. */
  watch: ((element: Element) => () => void) | null;
}

/** Less than this is a room, not a voice. */
const SPEAKS = 0.04;

export function Tile(props: TileProps) {
  const { user, kind, name, avatar, place, track, isSelf, isMuted, isAway, hasHand, isPinned, loudness, onPin } = props;
  const root = useRef<HTMLDivElement>(null);
  const { watch } = props;
  useEffect(() => (watch && root.current ? watch(root.current) : undefined), [watch]);
  const isSpeaking = loudness > SPEAKS && !isMuted;
  const size = Math.round(Math.min(112, place.height * 0.44, place.width * 0.44));
  const isSmall = place.width < 180;
  const words = [
    kind === "screen" ? say("screenOf", name) : name,
    isMuted && kind === "camera" ? say("muted") : "",
    hasHand ? say("handIsUp") : "",
    isAway ? say("away") : "",
  ];
  return (
    <div
      ref={root}
      role="group"
      aria-label={words.filter(Boolean).join(", ")}
      data-user={user}
      data-kind={kind}
      className={`group absolute top-0 left-0 overflow-hidden rounded-xl bg-tile transition-[transform,width,height] duration-200 ${
        props.isFloating ? "z-10 shadow-lg outline-2 outline-stage" : ""
      }`}
      style={{ width: place.width, height: place.height, transform: `translate(${place.left}px, ${place.top}px)` }}
    >
      {/* Under the picture, until there is one: a track does not say reliably whether anything comes in it. */}
      <div className="absolute inset-0 grid place-items-center">
        <Avatar user={user} name={name} url={avatar} size={size} />
      </div>
      {track && <Picture track={track} isMirrored={isSelf && kind === "camera"} isWhole={kind === "screen"} user={user} kind={kind} />}
      {props.isConnecting && (
        <div className="absolute inset-0 grid place-items-center bg-black/50 px-2 text-center text-sm text-white">
          {say("connecting")}
        </div>
      )}
      <div
        className="pointer-events-none absolute inset-0 rounded-xl border-speaks transition-[border-width]"
        style={{ borderStyle: "solid", borderWidth: isSpeaking ? 3 : 0 }}
      />
      <div className="absolute bottom-1.5 left-1.5 flex max-w-[calc(100%-12px)] items-center gap-1 rounded-lg bg-black/60 px-2 py-0.5 text-white">
        {kind === "camera" && isMuted && <Icon name="micOff" className="size-4 shrink-0" />}
        {kind === "screen" && <Icon name="screen" className="size-4 shrink-0" />}
        <span className={`truncate ${isSmall ? "text-xs" : "text-sm"}`}>
          {/* Only the server misses them: what we hear and see goes on as long as it comes. */}
          {isAway ? `${name} · ${say("away")}` : name}
        </span>
      </div>
      {hasHand && (
        <span className="absolute top-1.5 left-1.5 grid size-8 place-items-center rounded-full bg-[#f0bf5a] text-black">
          <Icon name="hand" className="size-5" />
        </span>
      )}
      {props.shown.map(({ id, reaction }) => (
        <span key={id} className="pointer-events-none absolute bottom-1/4 left-1/2 animate-rise text-5xl" aria-hidden="true">
          {REACTIONS[reaction]}
        </span>
      ))}
      <button
        type="button"
        onClick={onPin}
        aria-label={`${say(isPinned ? "unpin" : "pin")}: ${name}`}
        aria-pressed={isPinned}
        title={say(isPinned ? "unpin" : "pin")}
        className={`absolute top-1.5 right-1.5 grid size-9 place-items-center rounded-full bg-black/60 text-white ${
          isPinned ? "" : "opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:opacity-60"
        }`}
      >
        <Icon name="pin" className="size-5" />
      </button>
    </div>
  );
}

function Picture({
  track,
  isMirrored,
  isWhole,
  user,
  kind,
}: {
  track: MediaStreamTrack;
  isMirrored: boolean;
  isWhole: boolean;
  user: number;
  kind: string;
}) {
  const video = useRef<HTMLVideoElement>(null);
  const [isThere, setThere] = useState(false);
  useEffect(() => {
    const { current } = video;
    if (!current) return;
    setThere(false);
    current.srcObject = new MediaStream([track]);
    // Muted pictures play without a touch; one that is replaced at once is no fault.
    current.play().catch(() => {});
    return () => {
      current.srcObject = null;
    };
  }, [track]);
  return (
    <video
      ref={video}
      autoPlay
      muted
      playsInline
      aria-hidden="true"
      data-user={user}
      data-kind={kind}
      onLoadedData={() => setThere(true)}
      className={`absolute inset-0 size-full ${isWhole ? "bg-black object-contain" : "object-cover"} ${isMirrored ? "-scale-x-100" : ""} ${
        isThere ? "" : "invisible"
      }`}
    />
  );
}
