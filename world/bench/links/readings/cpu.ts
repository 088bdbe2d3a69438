import { setTimeout as pause } from 'node:timers/promises';
import type { InfluxServer } from '@tapwatt/gateway';
import type { Say } from '../../bench-town.ts';
import { round } from '../../load-protocol.ts';
import { arrivedIn, openTelemetryUnderTest, payloadOf } from './telemetry-under-test.ts';

const METERS = 10_000;
const READINGS_PER_SECOND = METERS / 60;
/** The minute is replayed so many times faster, and the CPU time divided by the readings. */
const FASTER = 20;
const SECONDS = 30;
const TICK_MS = 20;
/** A process that was kept waiting for a processor makes up for it little by little. */
const MAX_BURST = 500;
const DATABASE = 'cpu';
const DRAIN_MS = 60_000;

export interface CpuReport {
  readonly meters: number;
  readonly readings: number;
  readonly arrived: number;
  readonly lost: Readonly<Record<string, number>>;
  /** Microseconds of this process for each reading: read, kept on disk, written to InfluxDB. */
  readonly cpuUs: number;
  /** Those of the same loop that only makes the payloads; taken off. */
  readonly baselineCpuUs: number;
  /** Per cent of one core for 10,000 meters that each send one reading a minute. */
  readonly coreAtOneAMinute: number;
}

/** CPU of the whole way of a reading but the broker’s. */
export async function benchCpu(server: InfluxServer, say: Say): Promise<CpuReport> {
  const under = await openTelemetryUnderTest(server, DATABASE);
  try {
    say(`${METERS} meters, ${FASTER} times as fast as one reading a minute, for ${SECONDS} s …`);
    // The first second warms up, and sets the database up.
    const warmUp = await offer(1, (index, payload, atMs) => under.take(String(index), payload, atMs));
    const baseline = await cpuOf(() => offer(SECONDS, () => undefined));
    const full = await cpuOf(async () => {
      const offered = await offer(SECONDS, (index, payload, atMs) =>
        under.take(String(index), payload, atMs),
      );
      await drained(under.figure);
      return offered;
    });
    const cpuUs = round(full.us / full.readings - baseline.us / baseline.readings);
    return {
      ...{ meters: METERS, readings: warmUp + full.readings },
      arrived: await arrivedIn(server, DATABASE),
      lost: under.losses(),
      cpuUs,
      baselineCpuUs: round(baseline.us / baseline.readings),
      coreAtOneAMinute: round((cpuUs * READINGS_PER_SECOND) / 10_000),
    };
  } finally {
    await under.close();
  }
}

type Take = (meter: number, payload: Uint8Array, atMs: number) => void;

/** Offers readings at the pace of the clock; answers how many. */
async function offer(seconds: number, take: Take): Promise<number> {
  const goal = Math.round(seconds * READINGS_PER_SECOND * FASTER);
  const startMs = performance.now();
  let offered = 0;
  while (offered < goal) {
    const passed = ((performance.now() - startMs) / 1_000) * READINGS_PER_SECOND * FASTER;
    const due = Math.min(goal, passed, offered + MAX_BURST);
    for (; offered < due; offered += 1) {
      const nowMs = Date.now();
      take(offered % METERS, payloadOf(offered % METERS, nowMs), nowMs);
    }
    await pause(TICK_MS);
  }
  return offered;
}

async function cpuOf(
  work: () => Promise<number>,
): Promise<{ readonly us: number; readonly readings: number }> {
  const before = process.cpuUsage();
  const readings = await work();
  const { user, system } = process.cpuUsage(before);
  return { us: user + system, readings };
}

async function drained(figure: (name: string) => number): Promise<void> {
  const endMs = performance.now() + DRAIN_MS;
  while (figure('waiting') + figure('queued') > 0) {
    if (performance.now() > endMs) throw new Error(`${figure('queued')} readings are still in the queue.`);
    await pause(100);
  }
}
