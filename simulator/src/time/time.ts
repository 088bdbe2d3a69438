/** Time as devices get it: a clock and a way to be called later, so that a simulation can hold both. */
export interface Time {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `run` once after `delayMs`; the function it returns takes that back. */
  after(delayMs: number, run: () => void): () => void;
}

/** The machine's own time. */
export const systemTime: Time = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
