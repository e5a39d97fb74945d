// How the connection does, in words and in figures.
import { useEffect, useState } from "react";
import type { Call } from "../calls/call";
import { between, count, toStats, type Counted, type Figures } from "../calls/figures";
import { MEDIA_SERVER } from "../calls/state";
import { Icon } from "./icons";
import { say } from "./text";

const COUNT_EVERY = 2000;

/** The server keeps one in five seconds; it is told less often than that. */
const TELL_EVERY = 10_000;

/** The figures of a call, anew every two seconds. */
export function useFigures(call: Call): Figures | null {
  const [figures, setFigures] = useState<Figures | null>(null);
  useEffect(() => {
    let before: Counted | null = null;
    let toldAt = performance.now();
    const look = async (): Promise<void> => {
      const connections = call.connections();
      if (connections.length === 0) return;
      const reports = await Promise.all(connections.map(({ connection }) => connection.getStats()));
      const all = reports.flatMap((report) => [...(report as unknown as Map<string, Record<string, unknown>>).values()]);
      const now = count(performance.now(), all);
      // Counters begin anew with another connection.
      if (before && now.received >= before.received) {
        const figures = between(before, now);
        setFigures(figures);
        if (performance.now() > toldAt + TELL_EVERY) {
          toldAt = performance.now();
          call.report(toStats(call.state.room, call.state.me, figures));
        }
      }
      before = now;
    };
    const timer = setInterval(() => void look(), COUNT_EVERY);
    return () => clearInterval(timer);
  }, [call]);
  return figures;
}

export function Connection({ call, figures, onClose }: { call: Call; figures: Figures; onClose: () => void }) {
  const way = call.state.wires[MEDIA_SERVER] ? say("byServer") : say(figures.isRelayed ? "relayed" : "direct");
  const { sends } = figures;
  const rows: Array<[string, string]> = [
    ["→", way],
    ["RTT", `${Math.round(figures.rttMs)} ms`],
    ["Jitter", `${Math.round(figures.jitterMs)} ms`],
    ["Loss", `${figures.lossPercent.toFixed(1)} %`],
    ["↓", `${figures.downKbps} kbit/s`],
    ["↑", `${figures.upKbps} kbit/s`],
    [say("camera"), sends ? `${sends.width}×${sends.height} · ${Math.round(sends.frames)} fps` : "–"],
    ["Limit", figures.limitedBy],
  ];
  return (
    <section
      className="absolute top-2 right-2 z-20 w-60 rounded-xl border border-line bg-card p-3 text-sm"
      aria-label={say("stats")}
    >
      <button
        type="button"
        className="absolute top-1 right-1 grid size-9 place-items-center rounded-full hover:bg-field"
        aria-label={say("close")}
        onClick={onClose}
      >
        <Icon name="close" className="size-5" />
      </button>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 tabular-nums">
        {rows.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
