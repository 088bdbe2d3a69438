import { setTimeout as pause } from 'node:timers/promises';

const PAUSE_MS = 25;

/** Asks again and again until it holds; `false` when it did not within the deadline. */
export async function until(holds: () => boolean | Promise<boolean>, deadlineMs: number): Promise<boolean> {
  const endsAt = performance.now() + deadlineMs;
  for (;;) {
    if (await holds()) return true;
    if (performance.now() >= endsAt) return false;
    await pause(PAUSE_MS);
  }
}
