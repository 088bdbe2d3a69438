import type { Clock } from './edges.ts';

/** A clock that stands still until it is told to advance; timers run in the order of their time. `set` makes it wrong. */
export function createManualClock(
  startMs = 1_800_000_000_000,
): Clock & { advance(ms: number): Promise<void>; set(unixMs: number): void } {
  let nowMs = startMs;
  let wrongByMs = 0;
  const timers = new Set<{ atMs: number; run: () => void }>();

  const nextDue = (untilMs: number) =>
    [...timers].filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];

  return {
    nowMs: () => nowMs + wrongByMs,
    monotonicMs: () => nowMs,
    set(unixMs) {
      wrongByMs = unixMs - nowMs;
    },
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      for (let due = nextDue(untilMs); due !== undefined; due = nextDue(untilMs)) {
        timers.delete(due);
        nowMs = due.atMs;
        due.run();
        await new Promise((resolve) => setImmediate(resolve));
      }
      nowMs = untilMs;
    },
  };
}
