import type { Clock } from '@tapwatt/gateway';
import type { Chance } from '../kernel/chance.ts';
import type { World } from '../world.ts';
import type { CrashPoint, Step } from './crash-points.ts';

/** Times that a world comes to a place before it is no longer rare there. */
const RARE_PASSES = 2;
/** Places that few worlds come to, and these not often. */
const SELDOM_REACHED = /WithdrawOrder|RecordMeter|RecordVoucher/;
const SELDOM_PASSES = 12;
const CRASH_BEFORE_SELDOM = 0.6;
/** What was done is not done again: so nearly every time counts. */
const CRASH_AFTER_SELDOM = 0.95;
const CRASH_RARE = 0.4;
const CRASH_LEAST = 0.004;
const CRASH_SHARE = 0.6;
const CRASH_HEADSTART = 3;

/**
 * How probably a labelled point crashes in a world that has such crashes: one that it rarely comes to crashes nearly as
 * often as one that it passes all the time, and none holds up the work for long.
 */
const crashProbability = (label: string, strength: number, passes: number): number => {
  if (passes < SELDOM_PASSES && SELDOM_REACHED.test(label))
    return label.startsWith('after') ? CRASH_AFTER_SELDOM : CRASH_BEFORE_SELDOM;
  if (passes < RARE_PASSES) return CRASH_RARE;
  return strength * Math.max(CRASH_LEAST, CRASH_SHARE / (CRASH_HEADSTART + passes));
};

const never = new Promise<never>(() => undefined);

export interface IncarnationOptions {
  readonly name: string;
  readonly chance: Chance;
  /** Work that few worlds ever do: each of its points is rare, and none ends two lives that try to do the same. */
  readonly diedBefore?: ReadonlySet<string>;
  /** What happens outside when the process is gone: its disk, its connections. */
  readonly onKilled: (label: string) => void;
}

/**
 * One life of a process, from its start to its kill. Killing it makes every port inert at once: code of a dead life
 * may run on, but nothing that it does leaves the process any more, as after a kill -9.
 */
export class Incarnation {
  readonly name: string;
  readonly world: World;
  readonly #options: IncarnationOptions;
  #alive = true;

  constructor(world: World, options: IncarnationOptions) {
    this.name = options.name;
    this.world = world;
    this.#options = options;
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  /** Whether there was anything to kill. */
  kill(label: string): boolean {
    if (!this.#alive) return false;
    this.#alive = false;
    this.world.trace.note(this.name, `killed: ${label}`);
    this.world.network.thaw(this.name);
    this.#options.onKilled(label);
    return true;
  }

  /** A labelled point where money may be on its way: the process may die here. */
  point(label: CrashPoint): void {
    if (!this.#alive) return;
    const { tally } = this.world;
    tally.know(label);
    const strength = this.#strengthAt(label);
    if (strength === 0 || !this.#options.chance.happens(this.#crashProbability(label, strength))) return;
    tally.fault('crash-point');
    tally.crashAt(label);
    this.kill(label);
  }

  /** Where only a copy, or a restore, ever leads, a process may die in each world that has them. */
  #strengthAt(label: CrashPoint): number {
    const { world } = this;
    const ofAll = world.strength('crash-point');
    if (ofAll > 0 || !SELDOM_REACHED.test(label)) return ofAll;
    return Math.max(world.strength('ledger-cloned'), world.strength('ledger-restored'));
  }

  /** Runs a step that leaves the process, with a labelled point before and after it; a dead process hears no answer. */
  async through<T>(step: Step, run: () => Promise<T>): Promise<T> {
    this.point(`before ${step}`);
    if (!this.#alive) return never;
    try {
      const result = await run();
      await this.#awake();
      this.point(`after ${step}`);
      return this.#alive ? result : await never;
    } catch (error) {
      if (!this.#alive) return await never;
      throw error;
    }
  }

  /** The process's own clock: `skewMs` wrong, and silent after its death. */
  clock(skewMs: () => number): Clock {
    return {
      nowMs: () => this.world.time.now() + skewMs(),
      monotonicMs: () => this.world.time.now(),
      after: (delayMs, run) =>
        this.world.time.after(delayMs, () =>
          this.world.network.whenAwake(this.name, () => {
            if (this.#alive) run();
          }),
        ),
    };
  }

  #crashProbability(label: string, strength: number): number {
    const { diedBefore } = this.#options;
    if (diedBefore !== undefined) return diedBefore.has(label) ? 0 : CRASH_RARE;
    return crashProbability(label, strength, this.world.tally.pass(label));
  }

  /** A frozen process takes an answer when it goes on. */
  async #awake(): Promise<void> {
    const { network } = this.world;
    if (network.isFrozen(this.name))
      await new Promise<void>((resolve) => network.whenAwake(this.name, resolve));
  }
}
