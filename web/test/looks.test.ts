// What the page asks the media server for, when more people are in a call than fit on it.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { grid, type Room } from "../src/call/layout";
import { Looks } from "../src/calls/looks";
import type { StreamWish } from "../src/protocol";

type Told<T> = (entries: T[]) => void;

/** An observer that says what the test has it say. */
function observers<T>(): { make: unknown; tell: Told<T> } {
  let told: Told<T> = () => {};
  class Observer {
    constructor(callback: Told<T>) {
      told = callback;
    }
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  }
  return { make: Observer, tell: (entries) => told(entries) };
}

/** A page of that size on which tiles lie, and can be scrolled. */
class Page {
  readonly asked: StreamWish[][] = [];
  readonly #sizes = observers<{ target: unknown; contentRect: { height: number } }>();
  readonly #sight = observers<{ target: unknown; isIntersecting: boolean }>();
  readonly #tiles = new Map<number, { element: Element; gone: () => void }>();
  readonly #looks: Looks;
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
    Object.assign(globalThis, { ResizeObserver: this.#sizes.make, IntersectionObserver: this.#sight.make, devicePixelRatio: 1 });
    this.#looks = new Looks((looks) => this.asked.push(looks));
  }

  /** These people have a tile each, and we the last one; the page stands at `scroll`. */
  shows(users: number[], scroll: number): void {
    for (const user of users) {
      if (this.#tiles.has(user)) continue;
      const element = { user } as unknown as Element;
      this.#tiles.set(user, { element, gone: this.#looks.watch(element, user, "camera") });
    }
    for (const [user, { gone }] of this.#tiles) {
      if (users.includes(user)) continue;
      gone();
      this.#tiles.delete(user);
    }
    const { places } = grid([...users.map(String), "me"], this.#room);
    for (const [user, { element: target }] of this.#tiles) {
      const at = places.get(String(user));
      assert.ok(at, `${user} has a place`);
      this.#sizes.tell([{ target, contentRect: { height: at.height } }]);
      const isIntersecting = at.top < scroll + this.#room.height && at.top + at.height > scroll;
      this.#sight.tell([{ target, isIntersecting }]);
    }
  }

  /** Who is sent, of those that the page asked for last. */
  sent(): number[] {
    const last = this.asked.at(-1) ?? [];
    return last.filter(({ paused }) => !paused).map(({ userId }) => userId).sort((a, b) => a - b);
  }
}

function withPage(room: Room, what: (page: Page) => void): void {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    what(new Page(room));
  } finally {
    mock.timers.reset();
  }
}

const PHONE: Room = { width: 374, height: 732 };
const people = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

test("of 49 others those who are on the screen are sent, small, and who is scrolled to takes their place", () =>
  withPage(PHONE, (page) => {
    page.shows(people(49), 0);
    mock.timers.tick(1000);

    const first = page.sent();
    assert.ok(first.length >= 8 && first.length <= 20, `${first.length} of 49`);
    assert.deepEqual(first, people(first.length));
    assert.ok(page.asked.at(-1)?.every(({ maxHeight }) => maxHeight <= 180));
    page.shows(people(49), PHONE.height);
    mock.timers.tick(1000);

    const second = page.sent();
    assert.ok(second.length >= 8 && second.length <= 20 && !second.includes(1), `${second}`);
    // Everybody was there when one came to the end.
    const seen = new Set<number>([...first, ...second]);
    for (let scroll = 2 * PHONE.height; scroll < 10 * PHONE.height; scroll += PHONE.height / 2) {
      page.shows(people(49), scroll);
      mock.timers.tick(1000);
      for (const user of page.sent()) seen.add(user);
    }
    assert.equal(seen.size, 49);
  }));

test("nothing is asked for while the page moves, and once when it rests", () =>
  withPage(PHONE, (page) => {
    for (let scroll = 0; scroll < 700; scroll += 7) {
      page.shows(people(30), scroll);
      mock.timers.tick(16);
    }
    assert.equal(page.asked.length, 0);

    mock.timers.tick(1000);

    assert.equal(page.asked.length, 1);
  }));

test("who leaves is not asked for any more, and who comes is", () =>
  withPage({ width: 1264, height: 608 }, (page) => {
    page.shows(people(12), 0);
    mock.timers.tick(1000);
    assert.deepEqual(page.sent(), people(12));

    page.shows([...people(11), 20], 0);
    mock.timers.tick(1000);

    assert.deepEqual(page.sent(), [...people(11), 20]);
  }));
