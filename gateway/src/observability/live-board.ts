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
import type { ReadinessReport } from '../http/services.ts';
import type { LinkName } from '../redemption/types.ts';
import { createTally } from './tally.ts';

export const MAX_RECENT_VOUCHERS = 50;

/** A step of a voucher as the redemption core sees it. */
export interface VoucherStep {
  readonly voucherId: string;
  readonly meterId: string;
  readonly stage: VoucherStage;
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly kind?: number;
  readonly amount?: string;
  readonly link?: LinkName;
  readonly code?: string;
  readonly txId?: string;
}

export interface LiveBoardOptions {
  readonly clock: { nowMs(): number };
  readonly readiness: () => ReadinessReport;
  readonly ledgerHead: () => { readonly blockNumber: number; readonly blockHash?: string };
  /** Whether a meter that speaks listens too, as far as the links know; without it, each does. */
  readonly mayListen?: (meterId: string) => boolean;
  /** Meters remembered; the one heard of longest ago is forgotten first. */
  readonly maxMeters: number;
}

/** Without `connected`: a word from the meter itself. */
export type MeterHeard = Omit<MeterLive, 'connected'> & Partial<Pick<MeterLive, 'connected'>>;

/** What the gateway's parts report to, and what the console reads from. Everything in it is bounded. */
export interface LiveBoard extends LiveFeed {
  /** Something was heard of a meter; what is not said stays as it was. */
  meterSeen(meter: MeterHeard): void;
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
  const tally = createTally();
  const notify = (change: LiveChange): void => {
    for (const listener of listeners) listener(change);
  };
  const overview = (): LiveOverview => {
    const atMs = options.clock.nowMs();
    const { counters, ...figures } = tally.figures(atMs);
    const [readiness, ledger] = [options.readiness(), options.ledgerHead()];
    return { atMs, readiness, ledger, counters: { ...counters, metersSeen: meters.size }, ...figures };
  };
  return {
    overview,
    snapshot: (): LiveSnapshot => ({ overview: overview(), vouchers: [...vouchers.values()].reverse() }),
    meter: (meterId) => meters.get(meterId),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    meterSeen(heard) {
      const before = meters.get(heard.meterId);
      const connected = heard.connected ?? options.mayListen?.(heard.meterId) ?? true;
      const meter = { ...before, ...heard, connected };
      const forgotten = remember(meters, { key: heard.meterId, value: meter, limit: options.maxMeters });
      tally.metersConnected(isUp(meter) - isUp(before) - isUp(forgotten));
      notify({ type: 'meter', meter });
    },
    voucherAdvanced(step) {
      tally.passed(step.stage, step.atMs);
      const voucher = advanced(vouchers.get(step.voucherId), step);
      remember(vouchers, { key: step.voucherId, value: voucher, limit: MAX_RECENT_VOUCHERS });
      notify({ type: 'voucher', voucher });
    },
    handsetConnected: (connected) => tally.handsetsConnected(connected ? 1 : -1),
    latency: tally.latency,
  };
}

function isUp(meter: MeterLive | undefined): number {
  return meter?.connected === true ? 1 : 0;
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
