import { availableParallelism } from 'node:os';
import type { SeedResult } from '../run-seed.ts';
import { commandOf } from './command.ts';
import { type Crew, hasEnded, hireCrew, type Ran } from './crew.ts';
import type { RunOptions } from './options.ts';
import type { WorldRequest } from './protocol.ts';
import { regressionEntry } from './regression-entry.ts';
import { shrink } from './shrink.ts';
import { Totals } from './totals.ts';

const MINUTE_MS = 60_000;
const MOST_SAID = 10;
const PROGRESS_EVERY_MS = 5_000;
const MOST_SHRINKING_MS = 2 * MINUTE_MS;

export interface ManyResult {
  readonly totals: Totals;
  readonly seconds: number;
}

/** Runs one seed after another on every processor until seeds or minutes are used up, or one world fails. */
export const runMany = async (options: RunOptions, say: (line: string) => void): Promise<ManyResult> => {
  const size = options.workers ?? availableParallelism();
  const crew = hireCrew(size, options.mutation);
  const run = new Run(options, crew, say);
  try {
    await Promise.all(Array.from({ length: size }, () => run.work()));
    await run.explainFailure();
    return { totals: run.totals, seconds: run.seconds };
  } finally {
    crew.close();
  }
};

class Run {
  readonly totals = new Totals();
  readonly #options: RunOptions;
  readonly #crew: Crew;
  readonly #say: (line: string) => void;
  readonly #startedMs = performance.now();
  #next: number;
  #saidMs = 0;

  constructor(options: RunOptions, crew: Crew, say: (line: string) => void) {
    this.#options = options;
    this.#crew = crew;
    this.#say = say;
    this.#next = options.baseSeed;
  }

  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }

  async work(): Promise<void> {
    const { baseSeed, seeds, minutes, limits, twice } = this.#options;
    while (this.#next < baseSeed + seeds && this.totals.failed.length === 0) {
      if (this.seconds * 1000 > minutes * MINUTE_MS) return;
      const seed = this.#next++;
      const request = { seed, ...limits };
      const result = await this.#crew.run(request);
      this.totals.add(seed < baseSeed + twice ? await this.#again(request, result) : result);
      this.#progress();
    }
  }

  /** The same seed must be the same world, in another process too. */
  async #again(request: WorldRequest, first: Ran): Promise<SeedResult> {
    if (!hasEnded(first)) return first;
    const second = await this.#crew.run(request, first);
    if (second.hash === first.hash) {
      this.totals.same(first);
      return first;
    }
    const what = `the same seed gave two worlds, ${first.hash} and ${second.hash}`;
    return { ...first, violations: [...first.violations, what] };
  }

  async explainFailure(): Promise<void> {
    const [failed] = this.totals.failed;
    if (failed === undefined) return;
    const { mutation, limits } = this.#options;
    const request = { seed: failed.seed, ...limits };
    this.#say(`seed ${failed.seed} failed:`);
    for (const violation of failed.violations.slice(0, MOST_SAID)) this.#say(`  ${violation}`);
    this.#say(`again:    ${commandOf(request, mutation)} --trace`);
    this.#say(`looking for a shorter schedule, at most ${MOST_SHRINKING_MS / 1_000} s …`);
    const endMs = performance.now() + MOST_SHRINKING_MS;
    const isTimeUp = (): boolean => performance.now() >= endMs;
    const smallest = await shrink(this.#crew, { result: failed, from: request }, { isTimeUp });
    this.#say(`shortest: ${commandOf(smallest, mutation)} --trace`);
    if (mutation !== undefined) return;
    this.#say('when it is mended, for world/src/sim/regressions.ts, with what was wrong in a few words:');
    this.#say(regressionEntry(request));
  }

  #progress(): void {
    if (performance.now() - this.#saidMs < PROGRESS_EVERY_MS) return;
    this.#saidMs = performance.now();
    const { seeds, faultCount, crashes } = this.totals;
    this.#say(`${seeds} seeds · ${faultCount} faults · ${crashes} crashes · ${this.seconds.toFixed(0)} s`);
  }
}
