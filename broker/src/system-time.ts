import type { BrokerTime } from './time.ts';

/** The machine's own time. Its timers do not keep a stopping process alive. */
export const systemTime: BrokerTime = {
  now: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
