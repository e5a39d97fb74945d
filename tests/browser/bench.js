// What a call costs two browsers, and how long it takes them: Chromium calls Chromium again and again, each in processes
// of its own. One JSON object on standard output; progress goes to the other one.
// The server has to let one user dial as often as that (`limit_calls_per_minute`). usage: node bench.js --server URL [--calls 20] [--seconds 10] [--video] [--users 1,2]
import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { Page } from "./browser.js";

const { values } = parseArgs({
  options: {
    server: { type: "string" },
    calls: { type: "string", default: "20" },
    seconds: { type: "string", default: "10" },
    video: { type: "boolean", default: false },
    users: { type: "string", default: "1,2" },
  },
});
const [server, video, calls, seconds] = [values.server, values.video, Number(values.calls), Number(values.seconds)];
const users = values.users.split(",").map(Number);

/** Nothing takes so long. */
const PATIENCE = 30_000;

/** The milestones of one page, in the order in which they came. */
class Told {
  #all = [];
  #waiting = new Set();

  say(told) {
    this.#all.push(told);
    for (const look of this.#waiting) look();
  }

  /** When the next one of that name is reached; it is forgotten then. */
  async reached(milestone) {
    const late = AbortSignal.timeout(PATIENCE);
    for (;;) {
      const wrong = this.#all.find(({ milestone, reason = "" }) => milestone === "fault" || reason.startsWith("call:"));
      if (wrong) throw new Error(wrong.why ?? wrong.reason);
      const place = this.#all.findIndex((told) => told.milestone === milestone);
      if (place >= 0) return this.#all.splice(place, 1)[0].at;
      await this.#another(late, milestone);
    }
  }

  forget() {
    this.#all = [];
  }

  #another(late, milestone) {
    return new Promise((resolve, reject) => {
      const done = (settle, with_) => {
        this.#waiting.delete(look);
        late.removeEventListener("abort", tooLate);
        settle(with_);
      };
      const look = () => done(resolve);
      const tooLate = () => done(reject, new Error(`${milestone} did not come`));
      this.#waiting.add(look);
      late.addEventListener("abort", tooLate);
    });
  }
}

const told = users.map(() => new Told());
const both = (milestone) => Promise.all(told.map((one) => one.reached(milestone)));
let pages = [];
const usage = () => Promise.all(pages.map((page) => page.usage()));

async function begin() {
  const picture = { width: 640, height: 480 };
  const open = (_, n) => Page.open({ browser: "chromium", hertz: 440 + 220 * n, picture }, (what) => told[n].say(what));
  pages = await Promise.all(users.map(open));
  const warm = video ? ["audio", "video"] : ["audio"];
  const register = (page, n) =>
    page.order("begin", { server, user: users[n], warm, size: page.size, answers: n === 1 ? { video } : undefined });
  await Promise.all(pages.map(register));
  await both("registered");
}

/** One call until both have heard, and seen, each other; times in milliseconds. */
async function call() {
  for (const one of told) one.forget();
  await pages[0].order("call", { other: users[1], video });
  const heard = await both("first_audio");
  const seen = video ? await both("first_picture") : [];
  const [wanted, dialled] = [await told[0].reached("wanted"), await told[0].reached("dialled")];
  const accepting = await told[1].reached("accepting");
  const connected = await both("connected");
  const since = (from, to) => Math.max(...to) - from;
  return {
    wanted_to_initiate: dialled - wanted,
    initiate_to_connected: since(dialled, connected),
    initiate_to_first_audio: since(dialled, heard),
    accept_to_first_audio: since(accepting, heard),
    ...(video && { initiate_to_first_picture: since(dialled, seen) }),
  };
}

async function hangUp() {
  await pages[0].order("hangUp");
  await both("ended");
}

async function measure() {
  await begin();
  const idle = await usage();
  const times = [];
  for (let n = 0; n < calls; n += 1) {
    times.push(await call());
    await hangUp();
    process.stderr.write(`call ${n + 1} of ${calls}: ${times[n].initiate_to_first_audio.toFixed(1)} ms\n`);
  }
  // One more, to see what a call costs while it lasts.
  await call();
  const before = await usage();
  const begun = performance.now();
  await sleep(seconds * 1000);
  const after = await usage();
  const lasted = (performance.now() - begun) / 1000;
  await hangUp();
  return sumUp({ idle, times, before, after, lasted });
}

const sum = (usages, field) => usages.reduce((all, usage) => all + usage[field], 0);
const at = (sorted, share) => Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1));
const summary = (times, name) => {
  const sorted = times.map((one) => one[name]).sort((a, b) => a - b);
  return { min: at(sorted, 0), p50: at(sorted, 0.5), p95: at(sorted, 0.95), max: at(sorted, 1) };
};
function sumUp({ idle, times, before, after, lasted }) {
  const spent = sum(after, "seconds") - sum(before, "seconds");
  return {
    browser: pages[0].version,
    video,
    calls,
    ms: Object.fromEntries(Object.keys(times[0]).map((name) => [name, summary(times, name)])),
    // Both browsers together.
    cpu_seconds_per_call_minute: Number(((spent / lasted) * 60).toFixed(2)),
    memory_mb: { idle: Math.round(sum(idle, "bytes") / 1e6), in_call: Math.round(sum(after, "bytes") / 1e6) },
    processes: sum(after, "processes"),
  };
}

try {
  console.log(JSON.stringify(await measure(), null, 2));
} finally {
  await Promise.all(pages.map((page) => page.close()));
}
