import type { Exploration } from './search.ts';

/** One exploration to be made: a bound with production's rules, or with a planted bug. */
export interface Subject {
  readonly name: string;
  readonly about: string;
  readonly bound: string;
  /** The planted bug. */
  readonly mutation?: string;
}

/** What came of it. */
export interface Outcome extends Subject {
  readonly exploration: Exploration;
  /** Of one processor: what does not depend on who else is at work. */
  readonly cpuSeconds: number;
  /** The most that its process ever held. */
  readonly memoryMb: number;
}
