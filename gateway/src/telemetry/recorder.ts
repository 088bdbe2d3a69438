import { createAllowance } from '../allowance.ts';
import type { Clock } from '../edges/edges.ts';
import type { Losses } from './losses.ts';
import { type MomentLimits, momentOf } from './moment.ts';
import type { Reading, ReadingSink } from './reading.ts';
import type { ReadingStore } from './store.ts';

/** Readings of one batch: more at a time gains nothing. */
export const BATCH_READINGS = 1_000;
const LINGER_MS = 250;
const RETRY_MS = 1_000;
/** Readings that wait in memory while the store takes none; more are lost. */
const MAX_WAITING = 20_000;
/** A meter measures every few seconds at most, and hands over a day's worth after it was away. */
const PER_METER = { perSecond: 2, atOnce: 5_000, maxNames: 50_000 } as const;

export interface RecorderParts {
  readonly store: Pick<ReadingStore, 'append'>;
  readonly clock: Clock;
  readonly losses: Losses;
  readonly limits: MomentLimits;
  readonly onError: (error: unknown, doing: string) => void;
}

export interface Recorder extends ReadingSink {
  figures(): Readonly<Record<string, number>>;
  /** Hands over what waits, within one attempt. */
  close(): Promise<void>;
}

/**
 * Takes readings from all links and hands them to the store in batches, off everybody's way: nobody waits for it, and what
 * it holds is bounded. A store that fails is tried again until there is no more room; then what comes is lost, and counted.
 */
export function createRecorder(parts: RecorderParts): Recorder {
  const { store, clock, losses, limits } = parts;
  const mayRecord = createAllowance(PER_METER, clock);
  const waiting: Reading[] = [];
  let recorded = 0;
  let cancelTimer: (() => void) | undefined;
  let appending: Promise<void> | undefined;
  let isFailing = false;
  let closed = false;

  function flushAfter(delayMs: number): void {
    if (closed || appending !== undefined || cancelTimer !== undefined) return;
    cancelTimer = clock.after(delayMs, () => {
      cancelTimer = undefined;
      void flush();
    });
  }

  function flush(): Promise<void> {
    appending ??= appendOnce()
      .then(
        () => 0,
        (error) => {
          // Said once, not at every attempt.
          if (!isFailing) parts.onError(error, 'keep readings');
          isFailing = true;
          return RETRY_MS;
        },
      )
      .then((pauseMs) => {
        appending = undefined;
        if (waiting.length > 0)
          flushAfter(Math.max(pauseMs, waiting.length < BATCH_READINGS ? LINGER_MS : 0));
      });
    return appending;
  }

  async function appendOnce(): Promise<void> {
    const batch = waiting.slice(0, BATCH_READINGS);
    if (batch.length === 0) return;
    await store.append(batch);
    isFailing = false;
    waiting.splice(0, batch.length);
    recorded += batch.length;
  }

  return {
    record(measured) {
      if (!mayRecord(measured.meterId, 1)) return losses.lose('tooMany', 1);
      const reading = momentOf(measured, limits);
      if (reading === undefined) return losses.lose('tooOld', 1);
      if (closed || waiting.length >= MAX_WAITING) return losses.lose('noMemory', 1);
      waiting.push(reading);
      flushAfter(LINGER_MS);
    },
    malformed: () => losses.lose('malformed', 1),
    figures: () => ({ recorded, waiting: waiting.length }),
    async close() {
      closed = true;
      cancelTimer?.();
      await appending;
      while (waiting.length > 0) {
        const before = waiting.length;
        await flush();
        if (waiting.length === before) return losses.lose('noMemory', before);
      }
    },
  };
}
