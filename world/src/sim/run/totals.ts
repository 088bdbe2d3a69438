import type { SeedResult } from '../run-seed.ts';

const YEAR_MS = 365 * 24 * 3_600_000;

/** Everything that many worlds came to. */
export class Totals {
  readonly faults = new Map<string, number>();
  readonly crashPoints = new Map<string, number>();
  readonly work = new Map<string, number>();
  readonly failed: SeedResult[] = [];
  seeds = 0;
  simulatedMs = 0;
  compared = 0;

  add(result: SeedResult): void {
    this.seeds += 1;
    this.simulatedMs += result.simulatedMs;
    if (result.violations.length > 0) this.failed.push(result);
    addAll(this.faults, result.faults);
    addAll(this.crashPoints, result.crashPoints);
    addAll(this.work, result.work);
  }

  get faultCount(): number {
    return sum(this.faults.values());
  }

  /** Processes killed, at a labelled point, during a write or at random, and meters whose power was cut. */
  get crashes(): number {
    const kinds = ['crash-point', 'gateway-crash', 'broker-crash', 'handset-crash', 'handset-wiped'];
    return sum(kinds.map((kind) => this.faults.get(kind) ?? 0)) + (this.work.get('power cuts') ?? 0);
  }

  get simulatedYears(): number {
    return this.simulatedMs / YEAR_MS;
  }

  /** One line for the end of a run. */
  line(seconds: number): string {
    const least = Math.min(...this.crashPoints.values());
    const points =
      this.crashPoints.size === 0
        ? 'no crash points'
        : `${this.crashPoints.size} crash points, each ≥ ${least} times`;
    return [
      `${this.seeds} seeds in ${seconds.toFixed(0)} s`,
      `${this.simulatedYears.toFixed(2)} simulated years`,
      `${this.faultCount} faults`,
      `${this.crashes} crashes`,
      points,
      `${this.work.get('credits') ?? 0} credits`,
      `${this.compared} run twice with equal hashes`,
      `${this.failed.length} seeds with violations`,
    ].join(' · ');
  }
}

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);

const addAll = (into: Map<string, number>, from: Readonly<Record<string, number>>): void => {
  for (const [name, count] of Object.entries(from)) into.set(name, (into.get(name) ?? 0) + count);
};
