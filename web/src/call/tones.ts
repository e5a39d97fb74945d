// What is heard while it rings, here or there. Made on the spot: no file, and nothing to wait for.
import type { CallState } from "../calls/state";

/** Which of the two. */
export type Tone = "ring" | "ringBack";

/** What is to be heard in a call as it is. */
export function toneOf(state: CallState | undefined): Tone | null {
  if (state?.phase.is === "ringing") return "ring";
  // Until a phone rings there is nothing that could be heard of it.
  return state?.phase.is === "calling" && state.phase.devices > 0 ? "ringBack" : null;
}

/** A part of a tone: frequencies, and from when to when in it, in seconds. */
interface Part {
  hertz: readonly number[];
  from: number;
  to: number;
}

/** Each begins anew after `every` milliseconds. */
const TONES: Record<Tone, { every: number; loudness: number; parts: readonly Part[] }> = {
  // Two short calls and a rest: to be heard in the next room, and not to be taken for the phone.
  ring: {
    every: 3000,
    loudness: 0.2,
    parts: [
      { hertz: [587, 880], from: 0, to: 0.35 },
      { hertz: [659, 988], from: 0.45, to: 0.8 },
    ],
  },
  // As European exchanges sound: one second of 425 Hz, four of silence.
  ringBack: { every: 5000, loudness: 0.08, parts: [{ hertz: [425], from: 0, to: 1 }] },
};

/** So long a part swells and fades, in seconds: a sudden edge is a click. */
const EDGE = 0.02;

/** What of the browser's is needed; tests bring their own. */
export type Maker = () => AudioContext;

/** Plays one tone at a time, over and over, until another one or none is wanted. */
export class Tones {
  readonly #make: Maker;
  #context: AudioContext | null = null;
  #playing: { tone: Tone; out: GainNode } | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(make: Maker = () => new AudioContext()) {
    this.#make = make;
  }

  /** This from now on. The same again changes nothing. */
  play(tone: Tone | null): void {
    if (this.#playing?.tone === tone) return;
    this.#silence();
    if (tone === null) return void this.#context?.suspend().catch(() => {});
    try {
      this.#context ??= this.#make();
    } catch {
      // No sound card: it rings on the screen alone.
      return;
    }
    // A page that nobody touched yet may not be heard. The first touch lets it, if it still rings then.
    void this.#context.resume().catch(() => {});
    const out = this.#context.createGain();
    out.gain.value = TONES[tone].loudness;
    out.connect(this.#context.destination);
    this.#playing = { tone, out };
    this.#once();
    this.#timer = setInterval(() => this.#once(), TONES[tone].every);
  }

  /** The page was touched: what rings may be heard now. */
  touched(): void {
    if (this.#playing) void this.#context?.resume().catch(() => {});
  }

  close(): void {
    this.#silence();
    void this.#context?.close().catch(() => {});
    this.#context = null;
  }

  /** At once and for good: what was set to sound later has nowhere to go. */
  #silence(): void {
    clearInterval(this.#timer);
    this.#playing?.out.disconnect();
    this.#playing = null;
  }

  #once(): void {
    const [context, playing] = [this.#context, this.#playing];
    // Before the page was touched nothing is put in store, or all of it would sound at once.
    if (!context || !playing || context.state !== "running") return this.#retryWhenHeard();
    for (const { hertz, from, to } of TONES[playing.tone].parts) {
      const [begin, end] = [context.currentTime + from, context.currentTime + to];
      const swell = context.createGain();
      swell.gain.setValueAtTime(0, begin);
      swell.gain.linearRampToValueAtTime(1 / hertz.length, begin + EDGE);
      swell.gain.setValueAtTime(1 / hertz.length, end - EDGE);
      swell.gain.linearRampToValueAtTime(0, end);
      swell.connect(playing.out);
      for (const frequency of hertz) {
        const voice = context.createOscillator();
        voice.frequency.value = frequency;
        voice.connect(swell);
        voice.start(begin);
        voice.stop(end);
      }
    }
  }

  /** Begins as soon as the browser lets us, and not with the next turn. */
  #retryWhenHeard(): void {
    const [context, playing] = [this.#context, this.#playing];
    if (!context || !playing) return;
    context.onstatechange = () => {
      if (context.state !== "running") return;
      context.onstatechange = null;
      if (this.#playing === playing) this.#once();
    };
  }
}
