// What a browser costs.
import { readFile, readdir } from "node:fs/promises";

/** Clock ticks of /proc a second: the same on every Linux that Node runs on. */
const TICKS = 100;

/** Processor seconds so far and bytes of memory now, of a process and all that come from it; Linux alone tells. */
export async function usage(root) {
  const all = await family(root);
  const seconds = all.reduce((sum, { seconds }) => sum + seconds, 0);
  const sizes = await Promise.all(all.map(({ pid }) => memory(pid)));
  return { processes: all.length, seconds, bytes: sizes.reduce((sum, bytes) => sum + bytes, 0) };
}

/** A process and all that come from it, each with its processor seconds and those of its children that have ended. */
async function family(root) {
  const children = new Map();
  const found = new Map();
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number)) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    if (!stat) continue;
    // The name stands in brackets and may hold anything; behind it everything is a number.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [parent, ...ticks] = [1, 11, 12, 13, 14].map((at) => Number(fields[at]));
    found.set(pid, { pid, seconds: ticks.reduce((sum, count) => sum + count, 0) / TICKS });
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const all = [];
  const waiting = [root];
  while (waiting.length > 0) {
    const pid = waiting.pop();
    if (found.has(pid)) all.push(found.get(pid));
    waiting.push(...(children.get(pid) ?? []));
  }
  return all;
}

/** What a process holds, with its share of what several hold. */
async function memory(pid) {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
}
