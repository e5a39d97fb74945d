// A call while it goes on: the stage, the bar of buttons, what is open beside them.
import { useEffect, useRef, useState } from "react";
import type { Call } from "../calls/call";
import type { Phone } from "../calls/phone";
import type { CallState } from "../calls/state";
import { pathOf } from "../calls/wire";
import { Bar } from "./bar";
import { Devices, useMedia } from "./lobby";
import { nameIn } from "./names";
import { News } from "./news";
import { Panel, type PanelName } from "./panel";
import { Button } from "./parts";
import { Sound } from "./sound";
import { Stage, type View } from "./stage";
import { Connection, useFigures } from "./connection";
import { clock, say } from "./text";

export function Room({ phone, call }: { phone: Phone; call: Call }) {
  const { state } = call;
  const media = useMedia(phone.media);
  const [panel, setPanel] = useState<PanelName | null>(null);
  const [view, setView] = useState<View>("grid");
  const [pinned, setPinned] = useState<string | null>(null);
  const [extra, setExtra] = useState<"stats" | "devices" | null>(null);
  const [read, setRead] = useState(0);
  const figures = useFigures(call);
  useEffect(() => {
    if (panel === "chat") setRead(state.chat.length);
  }, [panel, state.chat.length]);
  useWakeLock();
  const switches = useSwitches(phone, call);
  const open = (name: PanelName): void => setPanel(panel === name ? null : name);
  if (state.phase.is === "atTheDoor") return <AtTheDoor call={call} />;
  return (
    <main className="flex h-full flex-col gap-2 p-2 pb-[max(0.5rem,env(safe-area-inset-bottom))]" aria-label={say("title")}>
      <header className="flex min-h-8 items-center gap-3 px-1">
        <h1 className="min-w-0 truncate font-medium">{titleOf(state)}</h1>
        <Status state={state} />
        <span className="flex-1" />
        {figures && (
          <button
            type="button"
            className="min-h-8 rounded-lg px-2 text-sm text-soft hover:bg-card"
            aria-expanded={extra === "stats"}
            onClick={() => setExtra(extra === "stats" ? null : "stats")}
          >
            {say("stats")}: <span className={`font-medium ${COLOUR[figures.quality]}`}>{say(figures.quality)}</span>
          </button>
        )}
      </header>
      <Banner state={state} />
      <div className="relative flex min-h-0 flex-1 gap-2">
        <div className="relative flex min-w-0 flex-1 flex-col">
          <Stage call={call} media={phone.media} view={view} pinned={pinned} onPin={setPinned} />
          {Object.keys(state.people).length === 0 && state.phase.is === "talking" && <Alone />}
        </div>
        {panel && <Panel name={panel} call={call} onClose={() => setPanel(null)} />}
        {extra === "stats" && figures && <Connection call={call} figures={figures} onClose={() => setExtra(null)} />}
        {extra === "devices" && (
          <div className="absolute inset-x-2 bottom-2 z-20 mx-auto max-w-md rounded-2xl border border-line bg-card p-4">
            <Devices media={phone.media} state={media} onTryAgain={() => void phone.media.open({ audio: true, video: true })} />
            <Button className="mt-3 w-full" onClick={() => setExtra(null)}>
              {say("close")}
            </Button>
          </div>
        )}
      </div>
      <Bar
        state={state}
        switches={switches}
        panel={panel}
        view={view}
        unread={Math.max(0, state.chat.filter(({ user }) => user !== state.me).length - (panel === "chat" ? Infinity : readByOthers(state, read)))}
        onPanel={open}
        onView={() => {
          setPinned(null);
          setView(view === "grid" ? "speaker" : "grid");
        }}
        onDevices={() => setExtra(extra === "devices" ? null : "devices")}
        onReact={(reaction) => call.send({ event: "react", reaction, messageId: crypto.randomUUID() })}
        onLeave={() => call.send({ event: "hangUp" })}
      />
      <Sound call={call} speaker={media.speaker} />
      <News state={state} />
    </main>
  );
}

const COLOUR = { good: "text-good", fair: "text-fair", bad: "text-danger" } as const;

/** How many of the lines that were read are of others. */
function readByOthers(state: CallState, read: number): number {
  return state.chat.slice(0, read).filter(({ user }) => user !== state.me).length;
}

function titleOf(state: CallState): string {
  if (state.kind.is === "room") return state.room;
  if (state.kind.is === "group") return state.kind.name || say("title");
  return nameIn(state, state.kind.with);
}

/** What the bar switches. */
export interface Switches {
  mic: () => void;
  camera: () => void;
  screen: () => void;
  hand: () => void;
  canShare: boolean;
}

function useSwitches(phone: Phone, call: Call): Switches {
  const { media } = phone;
  const set = (part: { audio?: boolean; video?: boolean; screen?: boolean }): void => {
    call.send({ event: "setMedia", media: part });
  };
  const switches: Switches = {
    mic: () => {
      const isOn = !call.state.mine.audio;
      if (isOn && !media.track("audio")) void media.open({ audio: true, video: false }).then(() => set({ audio: media.track("audio") !== null }));
      else set({ audio: isOn });
    },
    camera: () => void media.setVideo(!call.state.mine.video).then((video) => set({ video })),
    screen: () => {
      if (call.state.mine.screen) {
        media.stopSharing();
        set({ screen: false });
      } else void media.share(() => set({ screen: false })).then((isShared) => isShared && set({ screen: true }));
    },
    hand: () => call.send({ event: "raiseHand", isUp: call.state.mine.handRaisedAt === null }),
    canShare: "getDisplayMedia" in (navigator.mediaDevices ?? {}),
  };
  const latest = useRef(switches);
  latest.current = switches;
  useEffect(() => {
    const keys: Record<string, () => void> = {
      KeyA: () => latest.current.mic(),
      KeyV: () => latest.current.camera(),
      KeyS: () => latest.current.screen(),
      KeyY: () => latest.current.hand(),
    };
    const press = (event: KeyboardEvent): void => {
      const act = event.altKey && !event.ctrlKey && !event.metaKey ? keys[event.code] : undefined;
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return switches;
}

/** Since when, or what is still missing. It has its width from the beginning, so that nothing moves when it comes. */
function Status({ state }: { state: CallState }) {
  const [, setNow] = useState(0);
  const { phase } = state;
  useEffect(() => {
    const timer = setInterval(() => setNow((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const words = (): string => {
    switch (phase.is) {
      case "dialing":
        return say("calling");
      case "calling":
        return say(phase.devices > 0 ? "ringing" : "waking");
      case "talking":
        return clock(performance.timeOrigin + performance.now() - (state.startedAt ?? phase.since));
      case "answering":
        return say("connecting");
      case "joining":
      case "atTheDoor":
        return say("joining");
      case "ringing":
      case "ended":
        return "";
    }
  };
  return (
    <span className="min-w-12 text-sm text-soft tabular-nums" role="timer" data-phase={phase.is} data-way={state.way.is}>
      {words()}
    </span>
  );
}

/** What is broken, and is being mended. */
function Banner({ state }: { state: CallState }) {
  const isRepairing = Object.values(state.wires).some((wire) => pathOf(wire) === "repairing");
  const word = isRepairing ? "reconnecting" : state.isLineUp ? null : "serverAway";
  if (!word || state.phase.is !== "talking") return null;
  return (
    <p
      className="absolute inset-x-0 top-12 z-20 mx-auto w-fit rounded-xl bg-fair px-4 py-2 text-sm font-medium text-white dark:text-black"
      role="alert"
      data-testid="banner"
    >
      {say(word)}
    </p>
  );
}

function Alone() {
  const [isCopied, setCopied] = useState(false);
  const copy = (): void => {
    // Without the right to the clipboard the address bar has the same.
    navigator.clipboard?.writeText(location.href).then(() => setCopied(true)).catch(() => {});
  };
  return (
    <div className="pointer-events-none absolute inset-x-0 top-3 z-10 grid justify-items-center">
      <div className="pointer-events-auto flex items-center gap-3 rounded-xl border border-line bg-card py-2 pr-2 pl-4">
        <p>{say("alone")}</p>
        <Button onClick={copy} className="text-sm whitespace-nowrap">{say(isCopied ? "copied" : "copyLink")}</Button>
      </div>
    </div>
  );
}

function AtTheDoor({ call }: { call: Call }) {
  return (
    <main className="grid h-full place-items-center p-4 text-center">
      <section role="status" className="grid justify-items-center gap-3">
        <h1 className="text-xl font-semibold">{say("atTheDoor")}</h1>
        <p className="text-soft">{say("atTheDoorMore")}</p>
        <p className="rounded-xl bg-card px-4 py-2 font-medium break-all">{call.state.room}</p>
        <Button onClick={() => call.send({ event: "hangUp" })}>{say("leave")}</Button>
      </section>
    </main>
  );
}

/** The screen of a phone stays on during a call, where the browser can do that. */
function useWakeLock(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    const take = async (): Promise<void> => {
      try {
        if (document.visibilityState === "visible") lock = await navigator.wakeLock?.request("screen");
      } catch {
        // A low battery says no; the call goes on all the same.
      }
    };
    void take();
    const again = (): void => void take();
    document.addEventListener("visibilitychange", again);
    return () => {
      document.removeEventListener("visibilitychange", again);
      void lock?.release();
    };
  }, []);
}

