import { createHash } from 'node:crypto';
import { CRASH_POINTS } from '../nodes/crash-points.ts';
import type { SeedResult } from '../run-seed.ts';

const DAY_MS = 24 * 3_600_000;

/** Everything that many worlds came to. */
export class Totals {
  readonly faults = new Map<string, number>();
  readonly crashPoints = new Map<string, number>(CRASH_POINTS.map((point) => [point, 0]));
  readonly work = new Map<string, number>();
  readonly failed: SeedResult[] = [];
  seeds = 0;
  simulatedMs = 0;
  darkMs = 0;
  readonly #compared = new Map<number, string>();

  add(result: SeedResult): void {
    this.seeds += 1;
    this.simulatedMs += result.simulatedMs;
    this.darkMs += result.darkMs;
    if (result.violations.length > 0) this.failed.push(result);
    addAll(this.faults, result.faults);
    addAll(this.crashPoints, result.crashPoints);
    addAll(this.work, result.work);
  }

  /** This seed gave the same world in two processes. */
  same({ seed, hash }: SeedResult): void {
    this.#compared.set(seed, hash);
  }

  get compared(): number {
    return this.#compared.size;
  }

  /** Lower-case hex: SHA-256 over the hashes of the seeds that were run twice, in the order of the seeds. */
  get hashOfCompared(): string {
    const all = [...this.#compared].sort(([a], [b]) => a - b).map(([, hash]) => hash);
    return createHash('sha256').update(all.join('\n')).digest('hex');
  }

  get faultCount(): number {
    return sum(this.faults.values());
  }

  /** Processes killed, at a labelled point, during a write or at random, and meters whose power was cut. */
  get crashes(): number {
    const kinds = [
      'crash-point',
      'gateway-crash',
      'broker-crash',
      'handset-crash',
      'handset-wiped',
      'courier-lost',
    ];
    return sum(kinds.map((kind) => this.faults.get(kind) ?? 0)) + (this.work.get('power cuts') ?? 0);
  }

  /** How often the process was killed at the labelled point where that happened least. */
  get leastCrashes(): number {
    return Math.min(...this.crashPoints.values());
  }

  /** Labelled points at which no process was killed. */
  get neverCrashedAt(): readonly string[] {
    return [...this.crashPoints].filter(([, times]) => times === 0).map(([point]) => point);
  }

  /** Simulated time in which something could happen. */
  get daysWithPower(): number {
    return (this.simulatedMs - this.darkMs) / DAY_MS;
  }

  /** Simulated time in blackouts: nothing runs, and the clock jumps to their end. */
  get daysWithoutPower(): number {
    return this.darkMs / DAY_MS;
  }

  #did(what: string): number {
    return this.work.get(what) ?? 0;
  }

  /** One line for the end of a run. */
  line(seconds: number): string {
    return [
      `${this.seeds} seeds in ${seconds.toFixed(0)} s`,
      `simulated with power: ${this.daysWithPower.toFixed(2)} days, without power: ${this.daysWithoutPower.toFixed(2)} days`,
      `${this.faultCount} faults`,
      `${this.crashes} crashes`,
      `${this.crashPoints.size} crash points, each ≥ ${this.leastCrashes} times`,
      `${this.#did('credits')} credits`,
      `${this.#did('taps')} taps`,
      `${this.#did('restores')} restores and ${this.#did('clones')} clones of ledgers, ${this.#did('halts')} halts`,
      `${this.#did('orphans') + this.#did('remainders')} orphans`,
      `${this.compared} run twice with equal hashes`,
      `${this.failed.length} seeds with violations`,
    ].join(' · ');
  }
}

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);

const addAll = (into: Map<string, number>, from: Readonly<Record<string, number>>): void => {
  for (const [name, count] of Object.entries(from)) into.set(name, (into.get(name) ?? 0) + count);
};
