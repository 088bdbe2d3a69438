import type { BrokerTime } from './time.ts';

/** A broker that closes waits by timers as short as this, and its process must not end in the middle of it. */
const HOLDS_MS = 100;

/** The machine's own time. Only its short timers keep a stopping process alive. */
export const systemTime: BrokerTime = {
  now: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    if (delayMs > HOLDS_MS) timer.unref();
    return () => clearTimeout(timer);
  },
  turn: (run) => void setImmediate(run),
};
