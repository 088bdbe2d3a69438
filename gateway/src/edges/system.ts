import { randomBytes } from 'node:crypto';
import type { Clock, Random } from './edges.ts';

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run, { holdsProcess = false } = {}) {
    const timer = setTimeout(run, delayMs);
    if (!holdsProcess) timer.unref();
    return () => clearTimeout(timer);
  },
};

export const systemRandom: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
