// All tiles of a call: who is shown where, and how large.
import { useEffect, useMemo, useRef, useState } from "react";
import type { Call } from "../calls/call";
import { Looks } from "../calls/looks";
import { pathOf } from "../calls/wire";
import { MEDIA_SERVER, type CallState } from "../calls/state";
import { others } from "../calls/turn";
import type { Media } from "../calls/media";
import { grid, pair, spotlight, type Layout, type Room } from "./layout";
import { nameOf } from "./names";
import { Tile } from "./tile";
import { say } from "./text";

/** How the tiles are laid out, if it is for the person to say. */
export type View = "grid" | "speaker";

interface Spot {
  key: string;
  user: number;
  kind: "camera" | "screen";
}

const spot = (user: number, kind: "camera" | "screen"): Spot => ({ key: `${user} ${kind}`, user, kind });

/** Reactions are seen for as long as they rise. */
const SHOWN_FOR = 2600;

export function Stage({
  call,
  media,
  view,
  pinned,
  onPin,
}: {
  call: Call;
  media: Media;
  view: View;
  pinned: string | null;
  onPin: (key: string | null) => void;
}) {
  const { state } = call;
  const root = useRef<HTMLDivElement>(null);
  const room = useSize(root);
  const looks = useMemo(() => new Looks((looks) => call.send({ event: "looks", looks })), [call]);
  useEffect(() => () => looks.close(), [looks]);
  const watchers = useRef(new Map<string, (element: Element) => () => void>());
  const watch = (user: number, kind: "camera" | "screen"): ((element: Element) => () => void) => {
    const key = `${user} ${kind}`;
    const known = watchers.current.get(key) ?? ((element: Element) => looks.watch(element, user, kind));
    watchers.current.set(key, known);
    return known;
  };
  const spots = spotsOf(state);
  const layout = place(state, spots, room, view, pinned);
  const hidden = spots.filter(({ key }) => !layout.places.has(key)).length;
  const now = performance.timeOrigin + performance.now();
  return (
    <div ref={root} className="relative min-h-0 flex-1 overflow-x-hidden overflow-y-auto" data-testid="stage">
      <div className="relative w-full" style={{ height: layout.height }}>
        {spots.map(({ key, user, kind }) => {
          const at = layout.places.get(key);
          if (!at) return null;
          const isSelf = user === state.me;
          const person = state.people[user];
          const isOn = Boolean(kind === "screen" ? person?.screen : person?.video);
          const track = isSelf ? media.track(kind) : isOn ? call.picture(user, kind)?.track : null;
          return (
            <Tile
              key={key}
              user={user}
              kind={kind}
              name={isSelf ? say("you") : person ? nameOf(person) : ""}
              avatar={person?.avatar ?? null}
              place={at}
              track={track ?? null}
              isSelf={isSelf}
              isMuted={isSelf ? !state.mine.audio : !(person?.audio ?? true)}
              isAway={person?.isAway ?? false}
              isConnecting={!isSelf && kind === "camera" && !isReached(state, user)}
              hasHand={kind === "camera" && (isSelf ? state.mine.handRaisedAt : (person?.handRaisedAt ?? null)) !== null}
              isPinned={pinned === key}
              loudness={kind === "camera" ? (isSelf ? media.level() : (state.loudness[user] ?? 0)) : 0}
              shown={kind === "camera" ? state.shown.filter((shown) => shown.user === user && now - shown.at < SHOWN_FOR) : []}
              isFloating={isSelf && spots.length === 2 && !pinned}
              onPin={() => onPin(pinned === key ? null : key)}
              // Before there is a picture, too: what nobody looks at is not sent.
              watch={isOn ? watch(user, kind) : null}
            />
          );
        })}
      </div>
      {hidden > 0 && (
        <p className="absolute right-2 bottom-2 z-10 rounded-lg bg-black/60 px-2 py-1 text-sm text-white">
          {say("hidden", String(hidden))}
        </p>
      )}
    </div>
  );
}

/** Who has a tile, in the order in which they came; we are last. */
function spotsOf(state: CallState): Spot[] {
  const all: Spot[] = [];
  for (const user of others(state)) {
    if (state.people[user]?.screen) all.push(spot(user, "screen"));
    all.push(spot(user, "camera"));
  }
  if (state.mine.screen) all.push(spot(state.me, "screen"));
  return [...all, spot(state.me, "camera")];
}

function place(state: CallState, spots: Spot[], room: Room, view: View, pinned: string | null): Layout {
  const keys = spots.map(({ key }) => key);
  const isThere = (key: string | null | undefined): key is string => key != null && keys.includes(key);
  const screen = spots.find(({ kind, user }) => kind === "screen" && user !== state.me)?.key;
  const speaker = state.dominant === null ? null : `${state.dominant} camera`;
  const first = keys.find((key) => key !== `${state.me} camera`);
  const wanted = view === "speaker" && keys.length > 2 ? [speaker, first] : [];
  const large = [pinned, screen, ...wanted].find(isThere);
  if (large !== undefined) {
    // Whoever speaks is seen in the strip, too.
    const rest = keys.filter((key) => key !== large);
    const order = [...rest].sort((a, b) => Number(b === speaker) - Number(a === speaker));
    return spotlight(large, rest.length > 6 ? order : rest, room);
  }
  const [other, self] = keys;
  if (keys.length === 2 && other !== undefined && self !== undefined) return pair(other, self, room);
  return grid(keys, room);
}

/** Whether media flows between us and somebody, or once did. */
function isReached(state: CallState, user: number): boolean {
  const wires = [state.wires[user], state.wires[MEDIA_SERVER]];
  const isRinging = state.phase.is !== "talking";
  return isRinging || wires.some((wire) => wire !== undefined && pathOf(wire) === "up");
}

/** How large an element is, as it changes. */
function useSize(element: { current: HTMLElement | null }): Room {
  const [size, setSize] = useState<Room>({ width: 0, height: 0 });
  useEffect(() => {
    const { current } = element;
    if (!current) return;
    const look = (): void => setSize({ width: current.clientWidth, height: current.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(current);
    look();
    return () => observer.disconnect();
  }, [element]);
  return size;
}
