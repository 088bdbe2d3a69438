import type {
  LatencyStage,
  LiveChange,
  LiveFeed,
  LiveOverview,
  LiveSnapshot,
  MeterLive,
  VoucherLive,
  VoucherStage,
} from '../http/live-feed.ts';
import { LATENCY_STAGES } from '../http/live-feed.ts';
import type { ReadinessReport } from '../http/services.ts';
import { createHistogram } from './histogram.ts';
import { createPerSecond } from './per-second.ts';

export const MAX_RECENT_VOUCHERS = 50;
const THROUGHPUT_SECONDS = 60;

/** A step of a voucher as the redemption core sees it. */
export interface VoucherStep {
  readonly voucherId: string;
  readonly meterId: string;
  readonly stage: VoucherStage;
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly kind?: number;
  readonly amount?: string;
  readonly code?: string;
  readonly txId?: string;
}

export interface LiveBoardOptions {
  readonly clock: { nowMs(): number };
  readonly readiness: () => ReadinessReport;
  readonly ledgerHead: () => { readonly blockNumber: number; readonly blockHash?: string };
  /** Meters remembered; the one heard of longest ago is forgotten first. */
  readonly maxMeters: number;
}

/** What the gateway's parts report to, and what the console reads from. Everything in it is bounded. */
export interface LiveBoard extends LiveFeed {
  /** Something was heard of a meter; what is not said stays as it was. */
  meterSeen(meter: MeterLive): void;
  voucherAdvanced(step: VoucherStep): void;
  handsetConnected(connected: boolean): void;
  latency(stage: LatencyStage, durationMs: number): void;
}

const ORDER: Readonly<Record<VoucherStage, number>> = {
  issued: 0,
  presented: 1,
  refused: 2,
  'on-meter': 3,
  settled: 4,
  voided: 4,
};

export function createLiveBoard(options: LiveBoardOptions): LiveBoard {
  const meters = new Map<string, MeterLive>();
  const vouchers = new Map<string, VoucherLive>();
  const listeners = new Set<(change: LiveChange) => void>();
  const histograms = LATENCY_STAGES.map((stage) => ({ stage, histogram: createHistogram() }));
  const settledRate = createPerSecond(THROUGHPUT_SECONDS);
  const counters = {
    issued: 0,
    onMeter: 0,
    settled: 0,
    refused: 0,
    metersConnected: 0,
    handsetsConnected: 0,
  };
  const notify = (change: LiveChange): void => {
    for (const listener of listeners) listener(change);
  };
  const overview = (): LiveOverview => {
    const atMs = options.clock.nowMs();
    return {
      atMs,
      readiness: options.readiness(),
      ledger: options.ledgerHead(),
      counters: { ...counters, metersSeen: meters.size },
      latencies: histograms.map(({ stage, histogram }) => ({ stage, ...histogram.summary() })),
      settledPerSecond: settledRate.series(atMs),
    };
  };
  const snapshot = (): LiveSnapshot => ({ overview: overview(), vouchers: [...vouchers.values()].reverse() });
  return {
    overview,
    snapshot,
    meter: (meterId) => meters.get(meterId),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    meterSeen(heard) {
      const before = meters.get(heard.meterId);
      counters.metersConnected += Number(heard.connected) - Number(before?.connected ?? false);
      const meter = { ...before, ...heard };
      const forgotten = remember(meters, { key: heard.meterId, value: meter, limit: options.maxMeters });
      if (forgotten?.connected === true) counters.metersConnected -= 1;
      notify({ type: 'meter', meter });
    },
    voucherAdvanced(step) {
      count(step);
      if (step.stage === 'settled') settledRate.add(step.atMs);
      const voucher = advanced(vouchers.get(step.voucherId), step);
      remember(vouchers, { key: step.voucherId, value: voucher, limit: MAX_RECENT_VOUCHERS });
      notify({ type: 'voucher', voucher });
    },
    handsetConnected(connected) {
      counters.handsetsConnected = Math.max(0, counters.handsetsConnected + (connected ? 1 : -1));
    },
    latency(stage, durationMs) {
      histograms.find((entry) => entry.stage === stage)?.histogram.record(durationMs);
    },
  };

  function count(step: VoucherStep): void {
    if (step.stage === 'issued') counters.issued += 1;
    else if (step.stage === 'on-meter') counters.onMeter += 1;
    else if (step.stage === 'settled' || step.stage === 'voided') counters.settled += 1;
    else if (step.stage === 'refused') counters.refused += 1;
  }
}

/** A voucher's stage only advances, whatever order the reports come in. */
function advanced(before: VoucherLive | undefined, step: VoucherStep): VoucherLive {
  const { stage, atMs, ...facts } = step;
  const newest = before !== undefined && ORDER[before.stage] > ORDER[stage] ? before.stage : stage;
  return { ...before, ...facts, stage: newest, times: { [stage]: atMs, ...before?.times } };
}

/** Puts an entry at the young end of a map; returns the oldest one if it had to go for it. */
function remember<V>(map: Map<string, V>, entry: { key: string; value: V; limit: number }): V | undefined {
  map.delete(entry.key);
  map.set(entry.key, entry.value);
  if (map.size <= entry.limit) return undefined;
  const oldest = map.entries().next();
  if (oldest.done === true) return undefined;
  const [key, value] = oldest.value;
  map.delete(key);
  return value;
}
