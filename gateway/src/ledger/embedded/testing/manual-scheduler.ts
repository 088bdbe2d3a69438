import { setImmediate } from 'node:timers/promises';
import type { Scheduler } from '../scheduler.ts';

/** Timers that fire when the test says so; it can see how long each would have been. */
export class ManualScheduler implements Scheduler {
  readonly pauses: number[] = [];
  readonly #timers: (() => void)[] = [];

  turn(): Promise<void> {
    return setImmediate();
  }

  after(ms: number, run: () => void): () => void {
    this.pauses.push(ms);
    this.#timers.push(run);
    return () =>
      this.#timers.splice(0, this.#timers.length, ...this.#timers.filter((timer) => timer !== run));
  }

  /** Fires what waits, and lets everything that follows from it happen. */
  async fire(): Promise<void> {
    for (const run of this.#timers.splice(0)) run();
    await turns();
  }
}

/** Lets everything happen that needs no timer and no disk. */
export const turns = async (): Promise<void> => {
  for (let count = 0; count < 20; count++) await setImmediate();
};
