// When it is heard that it rings, and whether the person wants to hear it.
import { useEffect, useState } from "react";
import type { Phone } from "../calls/phone";
import { toneOf, Tones } from "./tones";

const KEY = "calls.tones";

/** Whether tones are wanted, and how that is changed; the next visit knows it. */
export function useTonesWanted(): [boolean, (wanted: boolean) => void] {
  const [isWanted, setWanted] = useState(areTonesWanted);
  const change = (wanted: boolean): void => {
    keep(wanted);
    setWanted(wanted);
    for (const listener of listeners) listener(wanted);
  };
  useEffect(() => {
    listeners.add(setWanted);
    return () => void listeners.delete(setWanted);
  }, []);
  return [isWanted, change];
}

const listeners = new Set<(wanted: boolean) => void>();

function areTonesWanted(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    // A browser that keeps nothing.
    return true;
  }
}

function keep(wanted: boolean): void {
  try {
    localStorage.setItem(KEY, wanted ? "on" : "off");
  } catch {
    // It holds for this visit.
  }
}

/** Plays what is to be heard, and nothing once the page goes. */
export function useRingingSound(phone: Phone): void {
  const [isWanted] = useTonesWanted();
  const [tones] = useState(() => new Tones());
  const tone = isWanted ? toneOf(phone.call?.state) : null;
  useEffect(() => tones.play(tone), [tones, tone]);
  useEffect(() => {
    const touched = (): void => tones.touched();
    const gone = (): void => tones.play(null);
    addEventListener("pointerdown", touched);
    addEventListener("keydown", touched);
    addEventListener("pagehide", gone);
    return () => {
      removeEventListener("pointerdown", touched);
      removeEventListener("keydown", touched);
      removeEventListener("pagehide", gone);
      tones.close();
    };
  }, [tones]);
}
