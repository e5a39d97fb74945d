// What the page decides without a browser: places of tiles, wishes to the media server, words, who sits here.
import assert from "node:assert/strict";
import { test } from "node:test";
import { goalOf, idOf, userOf } from "../src/call/identity";
import { grid, pair, spotlight, type Layout, type Room } from "../src/call/layout";
import { chooseLanguage, clock } from "../src/call/text";
import { between, count } from "../src/calls/figures";
import { wishes } from "../src/calls/looks";
import { layers, worthSending } from "../src/calls/peer";

const PHONE: Room = { width: 374, height: 732 };
const DESK: Room = { width: 1264, height: 608 };
const keys = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n));

function overlaps({ places }: Layout): boolean {
  const all = [...places.values()];
  return all.some((a, n) =>
    all.slice(n + 1).some((b) => {
      const across = a.left < b.left + b.width && b.left < a.left + a.width;
      return across && a.top < b.top + b.height && b.top < a.top + a.height;
    }),
  );
}

test("from 1 to 50 tiles nobody is left out, nothing overlaps, and nothing leaves the page sideways", () => {
  for (const room of [PHONE, DESK, { width: 828, height: 278 }]) {
    for (let count = 1; count <= 50; count += 1) {
      const layout = grid(keys(count), room);

      assert.equal(layout.places.size, count);
      assert.equal(overlaps(layout), false, `${count} in ${room.width}`);
      for (const { left, top, width, height } of layout.places.values()) {
        assert.ok(left >= 0 && left + width <= room.width, `${count} in ${room.width}: ${left} + ${width}`);
        assert.ok(top >= 0 && top + height <= layout.height && width >= 100 && height >= 70, `${count}: ${width}x${height}`);
      }
    }
  }
});

test("nine are three by three on a desk, and nothing scrolls", () => {
  const { places, height } = grid(keys(9), DESK);

  assert.equal(new Set([...places.values()].map(({ top }) => top)).size, 3);
  assert.equal(height, DESK.height);
});

test("a large picture leaves a strip for those who fit", () => {
  for (const room of [PHONE, DESK]) {
    const layout = spotlight("large", keys(20), room);

    assert.equal(overlaps(layout), false);
    assert.ok(layout.places.size >= 4 && layout.places.size < 21);
    const large = layout.places.get("large");
    assert.ok(large && large.width * large.height > 0.6 * room.width * room.height);
  }
});

test("of two, the other one has the page and we have a corner of it", () => {
  const { places } = pair("other", "self", PHONE);

  assert.deepEqual(places.get("other"), { left: 0, top: 0, ...PHONE });
  assert.ok((places.get("self")?.height ?? 0) < PHONE.height / 3);
});

test("a picture is wished for once, as large as the largest tile of it", () => {
  const all = wishes([
    { user: 2, kind: "camera", height: 100 },
    { user: 2, kind: "camera", height: 300 },
    { user: 3, kind: "screen", height: 0 },
  ]);

  assert.deepEqual(all, [
    { userId: 2, kind: "camera", maxHeight: 360, paused: false },
    { userId: 3, kind: "screen", maxHeight: 0, paused: true },
  ]);
});

test("a small camera is sent in no more sizes than it fills", () => {
  assert.deepEqual([180, 360, 720].map((height) => layers(height).length), [1, 2, 3]);
});

test("what is higher than anybody looks at is not sent, nor anything that nobody looks at", () => {
  const sent = (wanted: number): boolean[] => worthSending(720, [4, 2, 1], wanted);

  assert.deepEqual(sent(0), [false, false, false]);
  assert.deepEqual(sent(90), [true, false, false]);
  assert.deepEqual(sent(200), [true, false, false], "a little less will do");
  assert.deepEqual(sent(360), [true, true, false]);
  assert.deepEqual(sent(720), [true, true, true]);
  assert.deepEqual(sent(2160), [true, true, true]);
  assert.deepEqual(sent(Infinity), [true, true, true]);
  assert.deepEqual([worthSending(180, [1], 90), worthSending(180, [1], 0)], [[true], [false]]);
});

test("figures are of the time between two counts", () => {
  const report = (bytes: number, lost: number): Record<string, unknown> => {
    return { type: "inbound-rtp", kind: "audio", bytesReceived: bytes, packetsReceived: bytes / 100, packetsLost: lost };
  };

  const figures = between(count(0, [report(10_000, 0)]), count(2000, [report(60_000, 50)]));

  assert.equal(figures.downKbps, 200);
  assert.equal(Math.round(figures.lossPercent), 9);
  assert.equal(figures.quality, "bad");
});

test("the address says where to, and nothing that is no name or number", () => {
  assert.deepEqual(goalOf("?room=room123"), { is: "room", room: "room123" });
  assert.deepEqual(goalOf("?to=5"), { is: "person", user: 5 });
  assert.deepEqual(goalOf("?group=7"), { is: "group", group: 7 });
  for (const wrong of ["", "?room=<b>", "?room=", "?to=0", "?to=1e3", `?room=${"x".repeat(101)}`]) {
    assert.equal(goalOf(wrong), null, wrong);
  }
  assert.equal(idOf("9007199254740993"), null);
});

test("a token names its user", () => {
  const token = (claims: object): string => `h.${btoa(JSON.stringify(claims))}.s`;

  assert.equal(userOf(token({ sub: "12" })), 12);
  assert.equal(userOf(token({ sub: 12 })), 12);
  assert.equal(userOf(token({ sub: "nobody" })), null);
  assert.equal(userOf("no token"), null);
});

test("the page speaks the first language of the person that it knows", () => {
  assert.equal(chooseLanguage(["pl", "uk-UA", "en"]), "uk");
  assert.equal(chooseLanguage(["pl"]), "en");
});

test("a clock shows hours when there are some", () => {
  assert.deepEqual([0, 65_000, 3_725_000].map(clock), ["0:00", "1:05", "1:02:05"]);
});
