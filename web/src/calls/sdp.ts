// All that is read in a description, and the one line that is written into it.
import type { Sdp } from "../protocol";

const ANSWERS = "a=x-answers:";

/** The text of a description, as an object or bare. */
export function textOf(sdp: Sdp): string {
  return typeof sdp === "string" ? sdp : (sdp.sdp ?? "");
}

/**
 * What tells one connection of the other side from the next: the fingerprint of its certificate, which is made for one
 * connection and stays for as long as it lives.
 */
export function sessionOf(sdp: string): string | null {
  return /^a=fingerprint:(.*?)\r?$/m.exec(sdp)?.[1]?.toUpperCase() ?? null;
}

/** Short for one offer: FNV-1a with 64 bits, in two halves, since numbers here are exact up to 53 bits only. */
export function markOf(offer: string): string {
  let [high, low] = [0xcbf29ce4, 0x84222325];
  for (const byte of new TextEncoder().encode(offer)) {
    low = (low ^ byte) >>> 0;
    // The prime is 2^40 + 0x1b3.
    const product = low * 0x1b3;
    high = (high * 0x1b3 + Math.floor(product / 2 ** 32) + ((low << 8) >>> 0)) >>> 0;
    low = product >>> 0;
  }
  return [high, low].map((half) => half.toString(16).padStart(8, "0")).join("");
}

/** The answer, with a line that says to which offer it is. */
export function withMark(answer: string, mark: string): string {
  return `${answer.replace(/[\r\n]+$/, "")}\r\n${ANSWERS}${mark}\r\n`;
}

/** The offer that an answer names; none if it names none, as those of other apps. */
export function readMark(answer: string): string | null {
  return /^a=x-answers:([0-9a-f]{16})\r?$/m.exec(answer)?.[1] ?? null;
}
