// What every screen is made of.
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icons";

type Tone = "plain" | "accent" | "danger" | "off";

const TONES: Record<Tone, string> = {
  plain: "bg-field text-ink hover:brightness-95 dark:hover:brightness-125",
  accent: "bg-accent text-on-accent hover:brightness-110",
  danger: "bg-danger text-on-danger hover:brightness-110",
  off: "bg-field text-danger dark:text-[#ff9d94] hover:brightness-95 dark:hover:brightness-125",
};

/** What a round button says and does. */
export interface RoundProps {
  icon: IconName;
  label: string;
  onClick: () => void;
  tone?: Tone;
  /** Whether it is a switch, and on. */
  pressed?: boolean;
  expanded?: boolean;
  badge?: number;
  keys?: string;
  id?: string;
  className?: string;
}

/** A button of which one sees a picture, and hears the name. */
export function Round(props: RoundProps) {
  const { icon, label, onClick, tone = "plain", pressed, expanded, badge = 0, keys, id, className = "" } = props;
  return (
    <button
      type="button"
      id={id}
      className={`relative grid size-12 shrink-0 place-items-center rounded-full ${TONES[tone]} ${className}`}
      onClick={onClick}
      aria-label={badge > 0 ? `${label} (${badge})` : label}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-keyshortcuts={keys}
      title={keys ? `${label} (${keys})` : label}
    >
      <Icon name={icon} />
      {badge > 0 && (
        <span className="absolute -top-0.5 -right-0.5 min-w-5 rounded-full bg-danger px-1 text-xs leading-5 font-semibold text-on-danger">
          {badge > 99 ? "99+" : badge}
        </span>
      )}
    </button>
  );
}

/** A button with words. */
export function Button({
  children,
  onClick,
  tone = "plain",
  type = "button",
  disabled = false,
  className = "",
}: {
  children: ReactNode;
  onClick?: () => void;
  tone?: Tone;
  type?: "button" | "submit";
  disabled?: boolean;
  className?: string;
}) {
  return (
    <button
      type={type}
      disabled={disabled}
      onClick={onClick}
      className={`min-h-11 rounded-xl px-4 font-medium disabled:opacity-60 ${TONES[tone]} ${className}`}
    >
      {children}
    </button>
  );
}

/** One thing in the middle of the page. */
export function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="grid h-full place-items-center overflow-y-auto p-4">
      <section className="w-full max-w-md rounded-2xl border border-line bg-card p-6" aria-labelledby="title">
        <h1 id="title" className="mb-4 text-xl font-semibold">
          {title}
        </h1>
        {children}
      </section>
    </main>
  );
}

/** A field with its name above it. */
export function Field({ label, children, hint }: { label: string; children: ReactNode; hint?: string }) {
  return (
    <div className="mb-3">
      <label className="block">
        <span className="mb-1 block text-sm text-soft">{label}</span>
        {children}
      </label>
      {/* Not in the label: it is no part of the name. */}
      {hint && <span className="mt-1 block text-sm text-soft">{hint}</span>}
    </div>
  );
}

/** How a field looks. */
export const FIELD = "block w-full min-h-11 rounded-xl border border-line bg-field px-3 text-ink";

/** The colours of those without a picture: dark enough for white letters. */
const COLOURS = ["#1457c8", "#7a3fb0", "#0b6b5d", "#a13d2d", "#8a5a00", "#3d5a2a", "#9c2c63", "#35568a"];

/** A picture of somebody, or their letters. */
export function Avatar({ user, name, url, size }: { user: number; name: string; url: string | null; size: number }) {
  const letters = name
    .split(/\s+/)
    .map((word) => Array.from(word)[0] ?? "")
    .slice(0, 2)
    .join("")
    .toUpperCase();
  const style = { width: size, height: size, fontSize: size * 0.38, background: COLOURS[user % COLOURS.length] };
  return (
    <span className="grid shrink-0 place-items-center overflow-hidden rounded-full font-medium text-white" style={style} aria-hidden="true">
      {url?.startsWith("https://") ? <img src={url} alt="" className="size-full object-cover" /> : letters}
    </span>
  );
}
