import {
  LATENCY_STAGES,
  type LatencyStage,
  type LiveCounters,
  type LiveOverview,
  type VoucherStage,
} from '../http/live-feed.ts';
import { createHistogram } from './histogram.ts';
import { createPerSecond } from './per-second.ts';

const THROUGHPUT_SECONDS = 60;

/** Figures since the start of the process: how many, how fast, how long. Fixed in size. */
export interface Tally {
  passed(stage: VoucherStage, atMs: number): void;
  latency(stage: LatencyStage, durationMs: number): void;
  metersConnected(change: number): void;
  handsetsConnected(change: number): void;
  figures(nowMs: number): Pick<LiveOverview, 'latencies' | 'settledPerSecond'> & {
    readonly counters: Omit<LiveCounters, 'metersSeen'>;
  };
}

type Counted = 'issued' | 'onMeter' | 'settled' | 'refused';

const COUNTED: Readonly<Record<VoucherStage, Counted | undefined>> = {
  issued: 'issued',
  presented: undefined,
  'on-meter': 'onMeter',
  settled: 'settled',
  voided: 'settled',
  refused: 'refused',
};

export function createTally(): Tally {
  const counters = {
    issued: 0,
    onMeter: 0,
    settled: 0,
    refused: 0,
    metersConnected: 0,
    handsetsConnected: 0,
  };
  const histograms = LATENCY_STAGES.map((stage) => ({ stage, histogram: createHistogram() }));
  const settledRate = createPerSecond(THROUGHPUT_SECONDS);
  return {
    passed(stage, atMs) {
      const counted = COUNTED[stage];
      if (counted !== undefined) counters[counted] += 1;
      if (stage === 'settled') settledRate.add(atMs);
    },
    latency(stage, durationMs) {
      histograms.find((entry) => entry.stage === stage)?.histogram.record(durationMs);
    },
    metersConnected(change) {
      counters.metersConnected += change;
    },
    handsetsConnected(change) {
      counters.handsetsConnected = Math.max(0, counters.handsetsConnected + change);
    },
    figures: (nowMs) => ({
      counters: { ...counters },
      latencies: histograms.map(({ stage, histogram }) => ({ stage, ...histogram.summary() })),
      settledPerSecond: settledRate.series(nowMs),
    }),
  };
}
