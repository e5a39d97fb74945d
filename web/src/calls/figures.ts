// How a call does, from what the browser counts.
import type { Stats } from "../protocol";

/** What was counted at one moment, over all connections. */
export interface Counted {
  at: number;
  received: number;
  sent: number;
  packets: number;
  lost: number;
  rttMs: number;
  jitterMs: number;
  isRelayed: boolean;
  /** The largest picture that is sent, and its frames a second. */
  sends: { width: number; height: number; frames: number } | null;
  pictures: number;
  limitedBy: string;
}

/** What a person reads. */
export interface Figures extends Omit<Counted, "at" | "received" | "sent" | "packets" | "lost"> {
  downKbps: number;
  upKbps: number;
  lossPercent: number;
  quality: Quality;
}

/** As bars on a screen. */
export type Quality = "good" | "fair" | "bad";

/** Reads the reports of all connections. */
export function count(at: number, reports: Iterable<Record<string, unknown>>): Counted {
  const counted: Counted = {
    at,
    received: 0,
    sent: 0,
    packets: 0,
    lost: 0,
    rttMs: 0,
    jitterMs: 0,
    isRelayed: false,
    sends: null,
    pictures: 0,
    limitedBy: "none",
  };
  const number = (value: unknown): number => (typeof value === "number" ? value : 0);
  const relays = new Set<unknown>();
  const pairs: Array<Record<string, unknown>> = [];
  for (const report of reports) {
    switch (report["type"]) {
      case "inbound-rtp":
        counted.received += number(report["bytesReceived"]);
        counted.packets += number(report["packetsReceived"]);
        counted.lost += Math.max(0, number(report["packetsLost"]));
        if (report["kind"] === "audio") counted.jitterMs = Math.max(counted.jitterMs, number(report["jitter"]) * 1000);
        if (number(report["framesPerSecond"]) > 0) counted.pictures += 1;
        break;
      case "outbound-rtp": {
        counted.sent += number(report["bytesSent"]);
        const [width, height] = [number(report["frameWidth"]), number(report["frameHeight"])];
        const frames = number(report["framesPerSecond"]);
        if (frames > 0 && height > (counted.sends?.height ?? 0)) counted.sends = { width, height, frames };
        const limit = report["qualityLimitationReason"];
        if (typeof limit === "string" && limit !== "none") counted.limitedBy = limit;
        break;
      }
      case "candidate-pair":
        if (report["nominated"] === true && report["state"] === "succeeded") pairs.push(report);
        break;
      case "local-candidate":
        if (report["candidateType"] === "relay") relays.add(report["id"]);
        break;
    }
  }
  for (const pair of pairs) {
    counted.rttMs = Math.max(counted.rttMs, number(pair["currentRoundTripTime"]) * 1000);
    counted.isRelayed ||= relays.has(pair["localCandidateId"]);
  }
  return counted;
}

/** What happened between two counts. */
export function between(before: Counted, now: Counted): Figures {
  const seconds = Math.max(0.001, (now.at - before.at) / 1000);
  const kbps = (bytes: number): number => Math.max(0, Math.round((bytes * 8) / 1000 / seconds));
  const [lost, packets] = [Math.max(0, now.lost - before.lost), Math.max(0, now.packets - before.packets)];
  const lossPercent = lost + packets > 0 ? (100 * lost) / (lost + packets) : 0;
  const { rttMs, jitterMs, isRelayed, sends, pictures, limitedBy } = now;
  return {
    downKbps: kbps(now.received - before.received),
    upKbps: kbps(now.sent - before.sent),
    lossPercent,
    rttMs,
    jitterMs,
    isRelayed,
    sends,
    pictures,
    limitedBy,
    quality: qualityOf(lossPercent, rttMs),
  };
}

/** Speech suffers from 2 % of loss that comes in bursts, talk from half a second of delay. */
function qualityOf(lossPercent: number, rttMs: number): Quality {
  if (lossPercent > 8 || rttMs > 600) return "bad";
  return lossPercent > 2 || rttMs > 300 ? "fair" : "good";
}

/** What the server keeps of it. */
export function toStats(roomName: string, userId: number, figures: Figures): Stats {
  const { rttMs, jitterMs, lossPercent, downKbps, isRelayed } = figures;
  return {
    roomName,
    userId,
    rttMs: Math.round(rttMs),
    jitterMs: Math.round(jitterMs),
    lossPct: Math.round(lossPercent * 10) / 10,
    bitrateKbps: downKbps,
    candidateType: isRelayed ? "relay" : "host",
  };
}
