// What is heard while it rings, with a sound card that only writes down.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { toneOf, Tones } from "../src/call/tones";
import { toDial } from "../src/calls/reduce";
import type { CallState, Phase } from "../src/calls/state";

/** Something that sounds, and what it is connected to. */
class Node {
  readonly to = new Set<Node>();
  gain = { value: 1, setValueAtTime: () => {}, linearRampToValueAtTime: () => {} };
  frequency = { value: 0 };
  from = 0;
  until = 0;
  connect(node: Node): void {
    this.to.add(node);
  }
  disconnect(): void {
    this.to.clear();
  }
  start(at: number): void {
    this.from = at;
  }
  stop(at: number): void {
    this.until = at;
  }
}

/** A sound card of which one sees who would be heard when. */
class Card {
  state = "suspended";
  currentTime = 0;
  onstatechange: (() => void) | null = null;
  readonly destination = new Node();
  readonly voices: Node[] = [];
  mayRun = true;

  createGain(): Node {
    return new Node();
  }
  createOscillator(): Node {
    const voice = new Node();
    this.voices.push(voice);
    return voice;
  }
  async resume(): Promise<void> {
    if (!this.mayRun) return;
    this.state = "running";
    this.onstatechange?.();
  }
  async suspend(): Promise<void> {
    this.state = "suspended";
  }
  async close(): Promise<void> {
    this.state = "closed";
  }
  /** The frequencies that reach the loudspeaker at a moment. */
  heardAt(at: number): number[] {
    const reaches = (node: Node): boolean => node === this.destination || [...node.to].some(reaches);
    const sounds = this.voices.filter((voice) => voice.from <= at && at < voice.until && reaches(voice));
    return this.state === "running" ? sounds.map(({ frequency }) => frequency.value) : [];
  }
  /** Time passes for the card and for the page. */
  passes(milliseconds: number): void {
    this.currentTime += milliseconds / 1000;
    mock.timers.tick(milliseconds);
  }
}

function stage(what: (card: Card, tones: Tones) => void): void {
  mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  try {
    const card = new Card();
    what(card, new Tones(() => card as unknown as AudioContext));
  } finally {
    mock.timers.reset();
  }
}

test("it rings again and again until it does not, and then nothing is heard at once", () =>
  stage((card, tones) => {
    tones.play("ring");
    assert.deepEqual(card.heardAt(0.1), [587, 880]);
    for (let turn = 1; turn <= 5; turn += 1) {
      card.passes(3000);
      assert.deepEqual(card.heardAt(3 * turn + 0.1), [587, 880]);
      assert.deepEqual(card.heardAt(3 * turn + 2), []);
    }

    // In the middle of a tone, with another part of it still to come.
    tones.play(null);
    void card.resume();

    for (const at of [15.1, 15.5, 18.1]) assert.deepEqual(card.heardAt(at), []);
    const made = card.voices.length;
    card.passes(60_000);
    assert.equal(card.voices.length, made);
  }));

test("the same wish again does not begin anew, and another tone takes the place of the one before", () =>
  stage((card, tones) => {
    tones.play("ring");
    const made = card.voices.length;
    tones.play("ring");
    assert.equal(card.voices.length, made);

    tones.play("ringBack");

    assert.deepEqual(card.heardAt(0.1), [425]);
  }));

test("before the page was touched nothing is put in store, and with the touch it rings at once", () =>
  stage((card, tones) => {
    card.mayRun = false;
    tones.play("ring");
    card.passes(30_000);
    assert.equal(card.voices.length, 0);

    card.mayRun = true;
    tones.touched();

    assert.deepEqual(card.heardAt(30.1), [587, 880]);
  }));

test("a touch after it stopped ringing makes no sound", () =>
  stage((card, tones) => {
    card.mayRun = false;
    tones.play("ring");
    tones.play(null);

    card.mayRun = true;
    tones.touched();
    void card.resume();

    assert.equal(card.voices.length, 0);
  }));

test("a page without a sound card rings on the screen alone", () => {
  const tones = new Tones(() => {
    throw new Error("no sound card");
  });

  tones.play("ring");
  tones.play(null);
  tones.close();
});

test("it rings while it rings, here or there, and never during a call", () => {
  const state = toDial({ me: 1, room: "r", kind: { is: "pair", with: 2 }, servers: [], isLineUp: true, mine: { audio: true, video: false } }, 0);
  const at = (phase: Phase): CallState => ({ ...state, phase });

  assert.equal(toneOf(at({ is: "ringing", until: 1, offer: null, early: [] })), "ring");
  assert.equal(toneOf(at({ is: "calling", until: 1, devices: 1 })), "ringBack");
  assert.equal(toneOf(at({ is: "calling", until: 1, devices: 0 })), null);
  for (const phase of [
    { is: "dialing", until: 1, offer: null },
    { is: "answering", until: 1, answer: null },
    { is: "joining" },
    { is: "atTheDoor" },
    { is: "talking", since: 1 },
    { is: "ended", reason: "left", lasted: 0 },
  ] satisfies Phase[]) {
    assert.equal(toneOf(at(phase)), null, phase.is);
  }
  assert.equal(toneOf(undefined), null);
});
