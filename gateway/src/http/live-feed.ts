import type { LinkName } from '../redemption/types.ts';

/** What the gateway last heard of one meter. Held in memory only; the ledger and the meter are the truth. */
export interface MeterLive {
  readonly meterId: string;
  readonly connected: boolean;
  /** Unix milliseconds of the last word from the meter. */
  readonly lastSeenMs?: number;
  readonly relay?: 'closed' | 'open';
  /** Minor units. */
  readonly balance?: string;
  readonly cumulativeCredited?: string;
  readonly keyEpoch?: number;
  /** Names of the state bits that are set: `low-credit`, `emergency`, `tamper`, `clock-untrusted`, `quarantined`, `closed`. */
  readonly flags?: readonly string[];
}

export type VoucherStage = 'issued' | 'presented' | 'on-meter' | 'settled' | 'voided' | 'refused';

/** One voucher's way with the times (Unix milliseconds) at which it passed each stage. */
export interface VoucherLive {
  readonly voucherId: string;
  readonly meterId: string;
  readonly kind?: number;
  readonly amount?: string;
  /** By which its meter took it. */
  readonly link?: LinkName;
  readonly stage: VoucherStage;
  readonly times: Readonly<Partial<Record<VoucherStage, number>>>;
  readonly code?: string;
  readonly txId?: string;
}

export const LATENCY_STAGES = ['issue', 'on-meter', 'settle'] as const;
/** issue: request → issued · on-meter: presented → receipt · settle: receipt → committed. */
export type LatencyStage = (typeof LATENCY_STAGES)[number];

export interface LatencySummary {
  readonly stage: LatencyStage;
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Upper bounds (ms) and counts of the non-empty range of the histogram. */
  readonly buckets: readonly { readonly upToMs: number; readonly count: number }[];
}

export interface LiveCounters {
  readonly metersConnected: number;
  readonly metersSeen: number;
  readonly handsetsConnected: number;
  readonly issued: number;
  readonly onMeter: number;
  readonly settled: number;
  readonly refused: number;
}

export interface LiveOverview {
  readonly atMs: number;
  readonly readiness: { readonly state: string; readonly reasons: readonly { readonly message: string }[] };
  readonly ledger: { readonly blockNumber: number; readonly blockHash?: string };
  readonly counters: LiveCounters;
  readonly latencies: readonly LatencySummary[];
  /** Settled vouchers in each of the last 60 seconds, oldest first. */
  readonly settledPerSecond: readonly number[];
}

export interface LiveSnapshot {
  readonly overview: LiveOverview;
  /** Newest first, at most 50. */
  readonly vouchers: readonly VoucherLive[];
}

export type LiveChange =
  | { readonly type: 'meter'; readonly meter: MeterLive }
  | { readonly type: 'voucher'; readonly voucher: VoucherLive };

/** The live picture: a snapshot, then changes as they happen. */
export interface LiveFeed {
  snapshot(): LiveSnapshot;
  overview(): LiveOverview;
  meter(meterId: string): MeterLive | undefined;
  /** Calls `listener` at every change until the returned function is called. The listener must return at once. */
  subscribe(listener: (change: LiveChange) => void): () => void;
}
