import type { Fleet } from '@tapwatt/simulator';

/** What the benchmark asks of its load process. */
export type LoadCommand =
  /** Connects that many meters of the fleet and all its handsets. */
  | { readonly do: 'connect'; readonly fleet: Fleet; readonly meters: number }
  /** Buys vouchers round-robin over the meters, through the gateway; with `hold` they are kept for later. */
  | { readonly do: 'buy'; readonly vouchers: number; readonly amount: string }
  /** Seals vouchers by itself with the meters' root keys, for a server without a ledger. */
  | { readonly do: 'seal'; readonly vouchers: number; readonly amount: string }
  /** Redeems what it holds: `perSecond` offered whatever the answers, or `inFlight` at a time. */
  | {
      readonly do: 'redeem';
      readonly vouchers: number;
      readonly perSecond?: number;
      readonly inFlight?: number;
      /** After the last request: how long answers may take before they count as lost, ms; without it a quarter of a minute. */
      readonly drainMs?: number;
    }
  /** What became of the requests of the last run that were sent in a span of time, Unix ms. */
  | { readonly do: 'span'; readonly fromMs: number; readonly toMs: number }
  /** Waits until every meter has credited what the fleet bought. */
  | { readonly do: 'credited' }
  | { readonly do: 'stop' };

export interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface RedeemFigures {
  readonly asked: number;
  /** Never on the meter, or never settled, within the deadline. */
  readonly lost: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly settledPerSecond: number;
  /** From the handset's request to `on-meter`, and to `settled`. */
  readonly onMeter: Percentiles;
  readonly settled: Percentiles;
  /** Of the load process, per redemption. */
  readonly loadCpuMs: number;
}

/** Requests of one span of time. */
export interface SpanFigures {
  readonly sent: number;
  readonly onMeter: Percentiles;
  /** Never on the meter, and never settled. */
  readonly notOnMeter: number;
  readonly notSettled: number;
  /** When the last of them settled, ms after the end of the span. */
  readonly lastSettledMs: number;
}

export type LoadAnswer =
  | { readonly did: 'connect' | 'seal' | 'stop'; readonly ms: number }
  | { readonly did: 'buy'; readonly ms: number; readonly issued: number }
  | { readonly did: 'redeem'; readonly figures: RedeemFigures }
  | { readonly did: 'span'; readonly figures: SpanFigures }
  /** Sum over all meters of what they credited, minor units. */
  | { readonly did: 'credited'; readonly credited: string; readonly meters: number }
  | { readonly did: 'failed'; readonly message: string };

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0);
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

export const round = (value: number): number => Math.round(value * 100) / 100;
