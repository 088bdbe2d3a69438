import { setTimeout as pause } from 'node:timers/promises';
import type { InfluxServer } from '@tapwatt/gateway';
import type { Say } from '../../bench-town.ts';
import { round } from '../../load-protocol.ts';
import { residentMiB } from '../../process-figures.ts';
import {
  arrivedIn,
  openTelemetryUnderTest,
  payloadOf,
  type TelemetryUnderTest,
} from './telemetry-under-test.ts';

const METERS = 10_000;
const MINUTES = 60;
const MINUTE_MS = 60_000;
const DATABASE = 'outage';
/** Waiting in memory; more are offered when these are on disk. */
const MAX_WAITING = 4_000;
const LOOK_MS = 100;
const DEADLINE_MS = 600_000;
const LIVE_EVERY_MS = 1_000;
/** A meter that is not among the others, seen while the backlog drains. */
const LIVE_METER = '999999';

export interface OutageReport {
  readonly meters: number;
  readonly minutesAway: number;
  readonly readings: number;
  readonly arrived: number;
  readonly lost: Readonly<Record<string, number>>;
  readonly queueMiB: number;
  /** Resident memory of the process: before, at most while InfluxDB was away, and at most while the queue emptied. */
  readonly memoryMiB: { readonly before: number; readonly away: number; readonly draining: number };
  /** Of the hour of readings, from the moment that InfluxDB answered again. */
  readonly drainSeconds: number;
  /** The longest that a new reading took to arrive while the backlog drained. */
  readonly newestWaitedSeconds: number;
}

/** InfluxDB killed, an hour of readings of 10,000 meters meanwhile as fast as they can be kept, InfluxDB back. */
export async function benchOutage(server: InfluxServer, say: Say): Promise<OutageReport> {
  const under = await openTelemetryUnderTest(server, DATABASE);
  const memory = watchMemory();
  try {
    await warmUp(server, under);
    const before = memory.take();
    say(`InfluxDB killed; an hour of readings of ${METERS} meters …`);
    await server.kill();
    const sent = await anHour(under, (minute) => minute % 10 === 0 && say(`minute ${minute}`));
    const queueMiB = round(under.figure('queuedBytes') / 2 ** 20);
    const away = memory.take();
    say(`${sent} readings, ${queueMiB} MiB in the queue; InfluxDB back …`);
    await server.start();
    const startMs = performance.now();
    const live = followNewest(server, under);
    await emptied(under);
    const drainSeconds = round((performance.now() - startMs) / 1_000);
    const { offered, longestS } = await live.stop();
    return {
      ...{ meters: METERS, minutesAway: MINUTES, readings: sent + offered + 1 },
      arrived: await arrivedIn(server, DATABASE),
      lost: under.losses(),
      queueMiB,
      memoryMiB: { before, away, draining: memory.take() },
      ...{ drainSeconds, newestWaitedSeconds: longestS },
    };
  } finally {
    memory.stop();
    await under.close();
  }
}

async function warmUp(server: InfluxServer, under: TelemetryUnderTest): Promise<void> {
  const nowMs = Date.now();
  under.take('0', payloadOf(0, nowMs - 2 * MINUTES * MINUTE_MS), nowMs);
  const endMs = performance.now() + DEADLINE_MS;
  while ((await arrivedIn(server, DATABASE).catch(() => 0)) < 1) {
    if (performance.now() > endMs) throw new Error('The first reading does not arrive.');
    await pause(LOOK_MS);
  }
}

/** Each meter's reading of each minute of the last hour, none faster than they reach the disk. */
async function anHour(under: TelemetryUnderTest, tell: (minute: number) => void): Promise<number> {
  const fromMs = Date.now() - MINUTES * MINUTE_MS;
  for (let minute = 0; minute < MINUTES; minute += 1) {
    const atMs = fromMs + minute * MINUTE_MS;
    for (let meter = 0; meter < METERS; meter += 1) {
      under.take(String(meter), payloadOf(meter, atMs), atMs + 500);
      if (meter % 500 === 0) while (under.figure('waiting') > MAX_WAITING) await pause(1);
    }
    tell(minute);
  }
  while (under.figure('waiting') > 0) await pause(1);
  return METERS * MINUTES;
}

async function emptied(under: TelemetryUnderTest): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  // New readings come in all the time.
  while (under.figure('queued') > 100) {
    if (performance.now() > endMs)
      throw new Error(`${under.figure('queued')} readings are still in the queue.`);
    await pause(LOOK_MS);
  }
}

/** Offers one reading a second, and sees when each has arrived. */
function followNewest(server: InfluxServer, under: TelemetryUnderTest) {
  let offered = 0;
  let longestS = 0;
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      const sinceMs = performance.now();
      offered += 1;
      const nowMs = Date.now();
      under.take(LIVE_METER, payloadOf(offered, nowMs), nowMs);
      const count = `SELECT count(energyWh) AS readings FROM "${DATABASE}".raw.readings WHERE meter = '${LIVE_METER}'`;
      while (Number((await server.ask(count))[0]?.readings ?? 0) < offered) await pause(LOOK_MS);
      longestS = Math.max(longestS, (performance.now() - sinceMs) / 1_000);
      await pause(LIVE_EVERY_MS);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await running;
      return { offered, longestS: round(longestS) };
    },
  };
}

/** The most memory since the last `take`. */
function watchMemory() {
  let most = 0;
  const look = async () => {
    most = Math.max(most, await residentMiB(process.pid));
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  return {
    take() {
      const found = most;
      most = 0;
      return found;
    },
    stop: () => clearInterval(timer),
  };
}
