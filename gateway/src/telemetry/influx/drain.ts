import { messageOf } from '@tapwatt/firmware-contracts';
import { type Clock, pause } from '../../edges/edges.ts';
import type { Losses } from '../losses.ts';
import type { DurableQueue, Portion } from '../queue/durable-queue.ts';
import type { Reading } from '../reading.ts';
import { BATCH_READINGS } from '../recorder.ts';
import { DAY_MS, type StoreView } from '../store.ts';
import { type InfluxClient, isOnlyRefused } from './client.ts';
import { sumsOfLate } from './late-readings.ts';
import { pointOf } from './points.ts';
import { setUp } from './set-up.ts';
import type { KeepDays } from './statements.ts';

export interface DrainParts {
  readonly queue: DurableQueue;
  readonly client: InfluxClient;
  readonly database: string;
  readonly keep: KeepDays;
  readonly clock: Clock;
  readonly losses: Losses;
  readonly onError: (error: unknown, doing: string) => void;
  readonly pace?: DrainPace | undefined;
}

export interface DrainPace {
  /** Fewer than a batch wait this long for others. */
  readonly everyMs: number;
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
}

export interface Drain {
  view(): StoreView;
  readonly written: number;
  /** Leaves the queue as it is; the next process goes on. */
  close(): Promise<void>;
}

const SET_UP_AGAIN_MS = 600_000;
const CLOSE_MS = 1_000;
const PACE: DrainPace = { everyMs: 5_000, firstRetryMs: 500, longestRetryMs: 10_000 };

/**
 * Carries readings from the queue to InfluxDB for as long as the process lives. While the database is away nothing leaves
 * the queue; what it refuses for good is counted and left out; after each time that it was away it is set up again, for it
 * may have come back empty.
 */
export function startDrain(parts: DrainParts): Drain {
  const { queue, client, database, clock, losses, onError, pace = PACE } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  let failure: string | undefined;
  let setUpDueMs = Number.NEGATIVE_INFINITY;
  let written = 0;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const portion = await queue
        .take()
        .catch((error: unknown) => onError(error, 'read the queue of readings'));
      if (portion) await carry(portion);
      else if (clock.monotonicMs() >= setUpDueMs) await greet();
      if (!portion || queue.readings < BATCH_READINGS) await pause(clock, pace.everyMs, signal);
    }
  }

  /** Nothing waits to be written: whether the database is there shows at its set-up. */
  async function greet(): Promise<void> {
    const trouble = await trySetUp();
    if (trouble === undefined || isOnlyRefused(trouble)) failure = undefined;
    else setUpDueMs = clock.monotonicMs() + pace.longestRetryMs;
  }

  /** The same portion until it has arrived: a batch that was written need not be written again. */
  async function carry(portion: Portion): Promise<void> {
    const readings = notTooOld(portion.readings);
    const batches = inBatches(readings);
    for (
      let pauseMs = pace.firstRetryMs;
      !signal.aborted;
      pauseMs = Math.min(2 * pauseMs, pace.longestRetryMs)
    ) {
      try {
        if (clock.monotonicMs() >= setUpDueMs) await trySetUp();
        while (batches[0] !== undefined) {
          await write(batches[0]);
          batches.shift();
          pauseMs = pace.firstRetryMs;
        }
        await sumLate(readings);
        // Closed meanwhile: whoever comes next may hold the file already.
        if (signal.aborted) return;
        return await portion.done();
      } catch (error) {
        fail(error);
        await pause(clock, pauseMs, signal);
      }
    }
  }

  /** Of two reasons for refusing points the database tells one; so it is not given those that it would drop for their age. */
  function notTooOld(readings: readonly Reading[]): readonly Reading[] {
    const sinceUs = (clock.nowMs() - parts.keep.rawDays * DAY_MS) * 1_000;
    const kept = readings.filter(({ atUs }) => atUs >= sinceUs);
    losses.lose('tooOld', readings.length - kept.length);
    return kept;
  }

  /** A user who may only write is content with what somebody else has set up. Answers what went wrong. */
  async function trySetUp(): Promise<unknown> {
    try {
      await setUp(client, database, parts.keep);
      setUpDueMs = Number.POSITIVE_INFINITY;
      return undefined;
    } catch (error) {
      fail(error, 'set up InfluxDB');
      setUpDueMs = clock.monotonicMs() + SET_UP_AGAIN_MS;
      return error;
    }
  }

  async function write(readings: readonly Reading[]): Promise<void> {
    const outcome = await client.write(readings.map(pointOf));
    failure = undefined;
    switch (outcome.kind) {
      case 'written':
        written += readings.length;
        return;
      case 'partial':
        written += readings.length - outcome.dropped;
        return losses.lose('refused', outcome.dropped, outcome.message);
      case 'divide': {
        if (readings.length === 1) return losses.lose('refused', 1, outcome.message);
        const half = Math.ceil(readings.length / 2);
        await write(readings.slice(0, half));
        return write(readings.slice(half));
      }
    }
  }

  async function sumLate(readings: readonly Reading[]): Promise<void> {
    for (const statement of sumsOfLate(database, readings, clock.nowMs())) await client.query(statement);
  }

  function fail(error: unknown, doing = 'write readings to InfluxDB; they wait in the queue'): void {
    setUpDueMs = Number.NEGATIVE_INFINITY;
    // Said once, not at every attempt.
    if (failure === undefined) onError(error, doing);
    failure = messageOf(error);
  }

  const running = run();
  return {
    view() {
      if (failure === undefined) return { state: 'ok' };
      const message = `InfluxDB does not take readings (${failure}); ${queue.readings} wait in the queue.`;
      return { state: 'failing', message };
    },
    get written() {
      return written;
    },
    async close() {
      stopping.abort();
      // What is under way may take as long as a database that does not answer is waited for.
      await Promise.race([running, new Promise<void>((resolve) => clock.after(CLOSE_MS, resolve))]);
    },
  };
}

function inBatches(readings: readonly Reading[]): (readonly Reading[])[] {
  const batches: (readonly Reading[])[] = [];
  for (let start = 0; start < readings.length; start += BATCH_READINGS) {
    batches.push(readings.slice(start, start + BATCH_READINGS));
  }
  return batches;
}
