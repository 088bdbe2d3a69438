import { setImmediate } from 'node:timers/promises';
import type { Scheduler } from './scheduler.ts';

/** This machine's timers; a ledger that waits to be opened again keeps no process alive. */
export const systemScheduler: Scheduler = {
  turn: () => setImmediate(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** Of this machine; for measuring only. */
export const systemMonotonic = (): number => performance.now();
