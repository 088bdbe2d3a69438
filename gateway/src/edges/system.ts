import { randomBytes } from 'node:crypto';
import type { Clock, Random } from './edges.ts';

/** The machine's own clock. Its timers do not keep a stopping process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export const systemRandom: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
