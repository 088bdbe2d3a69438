import type { LedgerClock } from './clock.ts';
import type { Scheduler } from './scheduler.ts';

/** Lets the process have its turn when long work has held it for a while. */
export class Pace {
  readonly #clock: Pick<LedgerClock, 'monotonic'>;
  readonly #scheduler: Scheduler;
  readonly #sliceMs: number;
  #since: number;

  constructor(parts: { clock: Pick<LedgerClock, 'monotonic'>; scheduler: Scheduler; sliceMs: number }) {
    this.#clock = parts.clock;
    this.#scheduler = parts.scheduler;
    this.#sliceMs = parts.sliceMs;
    this.#since = this.#clock.monotonic();
  }

  isDue(): boolean {
    return this.#clock.monotonic() - this.#since >= this.#sliceMs;
  }

  async turn(): Promise<void> {
    await this.#scheduler.turn();
    this.#since = this.#clock.monotonic();
  }

  /** Takes a turn if one is due. */
  async breathe(): Promise<void> {
    if (this.isDue()) await this.turn();
  }
}
