// A sign-in that runs out, with a window of the test's own and virtual time.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { endOf } from "../src/call/identity";
import { ASK_BEFORE, PATIENCE, Renewal, type Surroundings } from "../src/call/renewal";

const token = (user: number, exp?: number): string => `h.${btoa(JSON.stringify({ sub: String(user), exp }))}.s`;

/** A window that somebody opened, and what the page did there. */
class Window {
  readonly asked: unknown[] = [];
  readonly opener = { postMessage: (what: unknown) => this.asked.push(what) };
  readonly location = { hash: "", pathname: "/call", search: "?room=r" };
  readonly addresses: string[] = [];
  readonly history = { replaceState: (_: unknown, __: string, address: string) => void this.addresses.push(address) };
  readonly listeners = new Map<string, (event: unknown) => void>();
  addEventListener(name: string, listener: (event: unknown) => void): void {
    this.listeners.set(name, listener);
  }
  removeEventListener(name: string): void {
    this.listeners.delete(name);
  }
  says(data: unknown, source: unknown = this.opener): void {
    this.listeners.get("message")?.({ data, source });
  }
  goesTo(hash: string): void {
    this.location.hash = hash;
    this.listeners.get("hashchange")?.({});
  }
}

interface Stage {
  window: Window;
  renewal: Renewal;
  renewed: string[];
  needs: boolean[];
}

/** User 5 signed in for ten minutes. */
function signedIn(what: (stage: Stage) => void, first = token(5, 600)): void {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
  try {
    const [window, renewed, needs] = [new Window(), [] as string[], [] as boolean[]];
    const events = { renewed: (token: string) => renewed.push(token), needsPerson: (is: boolean) => needs.push(is) };
    const renewal = new Renewal(5, first, events, window as unknown as Surroundings);
    what({ window, renewal, renewed, needs });
  } finally {
    mock.timers.reset();
  }
}

test("whoever opened the page is asked a minute before the end, and nobody else when they answer", () =>
  signedIn(({ window, renewed, needs }) => {
    mock.timers.tick(600_000 - ASK_BEFORE - 1);
    assert.deepEqual(window.asked, []);
    mock.timers.tick(1);
    assert.deepEqual(window.asked, [{ calls: "token-wanted" }]);

    window.says({ calls: "token", token: token(5, 1200) });
    mock.timers.tick(PATIENCE * 3);

    assert.deepEqual([renewed, needs.includes(true)], [[token(5, 1200)], false]);
    // And so on with the end of the next one.
    mock.timers.tick(600_000);
    assert.equal(window.asked.length, 2);
  }));

test("when the opener says nothing the person is asked, and the opener again", () =>
  signedIn(({ window, renewal, renewed, needs }) => {
    mock.timers.tick(600_000 - ASK_BEFORE);
    mock.timers.tick(PATIENCE);
    assert.deepEqual([needs, window.asked.length], [[true], 2]);

    assert.equal(renewal.offer("not a token"), false);
    assert.equal(renewal.offer(` ${token(5, 1200)} `), true);

    assert.deepEqual([renewed, needs.at(-1)], [[token(5, 1200)], false]);
    mock.timers.tick(PATIENCE * 2);
    assert.equal(window.asked.length, 2);
  }));

test("a token of somebody else, or from somebody else, is not taken", () =>
  signedIn(({ window, renewed }) => {
    window.says({ calls: "token", token: token(6, 1200) });
    window.says({ calls: "token", token: token(5, 1200) }, {});
    window.says({ calls: "token", token: token(5, 1200) }, null);
    window.says({ calls: "token", token: 5 });
    window.says("token");
    window.says(null);

    assert.deepEqual(renewed, []);
  }));

test("a token in the address is taken, and out of it", () =>
  signedIn(({ window, renewed }) => {
    window.goesTo(`#token=${token(5, 1200)}`);
    window.goesTo("#elsewhere");

    assert.deepEqual([renewed, window.addresses], [[token(5, 1200)], ["/call?room=r"]]);
  }));

test("the server's word counts, whatever our clock says, and for a token without an end too", () =>
  signedIn(({ window, renewal }) => {
    mock.timers.tick(86_400_000);
    assert.deepEqual(window.asked, []);

    renewal.expired();

    assert.equal(window.asked.length, 1);
    renewal.close();
    mock.timers.tick(86_400_000);
    assert.deepEqual([window.asked.length, window.listeners.size], [1, 0]);
  }, token(5)));

test("an end that is further away than a timer reaches is waited for all the same", () =>
  signedIn(({ window }) => {
    mock.timers.tick(2 ** 31);
    assert.deepEqual(window.asked, []);
    mock.timers.tick(60 * 86_400_000 - 2 ** 31);
    assert.ok(window.asked.length > 0);
  }, token(5, 60 * 86_400)));

test("when a token ends stands in it, or it does not", () => {
  assert.equal(endOf(token(5, 600)), 600_000);
  assert.equal(endOf(token(5)), null);
  assert.equal(endOf("h.e.s"), null);
});
