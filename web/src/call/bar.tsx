// The bar of buttons under the pictures.
import { useEffect, useRef, useState, type ReactNode } from "react";
import type { CallState } from "../calls/state";
import type { Reaction } from "../protocol";
import { Icon, type IconName } from "./icons";
import type { PanelName } from "./panel";
import { Round } from "./parts";
import type { Switches } from "./room";
import type { View } from "./stage";
import { REACTIONS, say } from "./text";

/** What the bar shows and orders. */
export interface BarProps {
  state: CallState;
  switches: Switches;
  panel: PanelName | null;
  view: View;
  unread: number;
  onPanel: (name: PanelName) => void;
  onView: () => void;
  onDevices: () => void;
  onReact: (reaction: Reaction) => void;
  onLeave: () => void;
}

export function Bar(props: BarProps) {
  const { state, switches, panel, view, unread, onPanel, onReact, onLeave } = props;
  const [menu, setMenu] = useState<"reactions" | "more" | null>(null);
  const { audio, video, screen, handRaisedAt } = state.mine;
  const isCrowd = state.kind.is !== "pair";
  const hasHand = handRaisedAt !== null;
  const isWaitedFor = state.host === state.me ? state.waiting.length : 0;
  const shareLabel = say(screen ? "stopSharing" : "share");
  const handLabel = say(hasHand ? "handDown" : "hand");
  const choose = (act: () => void): (() => void) => () => {
    setMenu(null);
    act();
  };
  return (
    <div className="relative flex justify-center gap-2 sm:gap-3" role="toolbar" aria-label={say("title")}>
      <Round icon={audio ? "mic" : "micOff"} tone={audio ? "plain" : "off"} label={say(audio ? "micOff" : "micOn")} keys="Alt+A" onClick={switches.mic} id="mic" />
      <Round
        icon={video ? "camera" : "cameraOff"}
        tone={video ? "plain" : "off"}
        label={say(video ? "cameraOff" : "cameraOn")}
        keys="Alt+V"
        onClick={switches.camera}
        id="camera"
      />
      {switches.canShare && (
        <Round icon="screen" tone={screen ? "accent" : "plain"} label={shareLabel} keys="Alt+S" onClick={switches.screen} className="max-sm:hidden" />
      )}
      {isCrowd && (
        <>
          <Round
            icon="hand"
            tone={hasHand ? "accent" : "plain"}
            label={handLabel}
            keys="Alt+Y"
            onClick={switches.hand}
            className="max-sm:hidden"
            id="hand"
          />
          <Round
            icon="smile"
            label={say("react")}
            expanded={menu === "reactions"}
            onClick={() => setMenu(menu === "reactions" ? null : "reactions")}
          />
          <Round icon="chat" label={say("chat")} expanded={panel === "chat"} badge={unread} onClick={() => onPanel("chat")} id="chat" />
          <Round
            icon="people"
            label={say("people")}
            expanded={panel === "people"}
            badge={isWaitedFor}
            onClick={() => onPanel("people")}
            className="max-sm:hidden"
            id="people"
          />
        </>
      )}
      <Round icon="more" label={say("more")} expanded={menu === "more"} onClick={() => setMenu(menu === "more" ? null : "more")} />
      <Round icon="leave" tone="danger" label={say(isCrowd ? "leave" : "hangUp")} onClick={onLeave} id="leave" className="w-14" />
      {menu === "reactions" && (
        <Menu onClose={() => setMenu(null)} className="flex gap-1 p-2">
          {(Object.keys(REACTIONS) as Reaction[]).map((reaction) => (
            <button
              key={reaction}
              type="button"
              role="menuitem"
              aria-label={reaction.replace("_", " ")}
              className="grid size-10 place-items-center rounded-full text-2xl hover:bg-field"
              onClick={choose(() => onReact(reaction))}
            >
              {REACTIONS[reaction]}
            </button>
          ))}
        </Menu>
      )}
      {menu === "more" && (
        <Menu onClose={() => setMenu(null)} className="grid min-w-56 p-2">
          {switches.canShare && <Item icon="screen" label={shareLabel} onClick={choose(switches.screen)} className="sm:hidden" />}
          {isCrowd && <Item icon="hand" label={handLabel} onClick={choose(switches.hand)} className="sm:hidden" />}
          {isCrowd && <Item icon="people" label={say("people")} onClick={choose(() => onPanel("people"))} className="sm:hidden" />}
          {isCrowd && (
            <Item
              icon={view === "grid" ? "spotlight" : "grid"}
              label={say(view === "grid" ? "speakerView" : "gridView")}
              onClick={choose(props.onView)}
            />
          )}
          <Item icon="settings" label={say("settings")} onClick={choose(props.onDevices)} />
        </Menu>
      )}
    </div>
  );
}

/** Opens above the bar; Escape and a touch beside it close it. */
function Menu({ onClose, className, children }: { onClose: () => void; className: string; children: ReactNode }) {
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    root.current?.querySelector("button")?.focus();
    const press = (event: KeyboardEvent): void => {
      if (event.key === "Escape") onClose();
      const items = [...(root.current?.querySelectorAll("button") ?? [])];
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const at = items.indexOf(document.activeElement as HTMLButtonElement);
      items[(at + step + items.length) % items.length]?.focus();
    };
    const touch = (event: PointerEvent): void => {
      const bar = root.current?.parentElement;
      if (event.target instanceof Node && !bar?.contains(event.target)) onClose();
    };
    addEventListener("keydown", press);
    addEventListener("pointerdown", touch);
    return () => {
      removeEventListener("keydown", press);
      removeEventListener("pointerdown", touch);
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <div ref={root} role="menu" className={`absolute bottom-full z-30 mb-2 rounded-2xl border border-line bg-card shadow-lg ${className}`}>
      {children}
    </div>
  );
}

function Item({ icon, label, onClick, className = "" }: { icon: IconName; label: string; onClick: () => void; className?: string }) {
  return (
    <button
      type="button"
      role="menuitem"
      className={`flex min-h-11 items-center gap-3 rounded-xl px-3 text-left hover:bg-field ${className}`}
      onClick={onClick}
    >
      <Icon name={icon} className="size-5 text-soft" />
      {label}
    </button>
  );
}
