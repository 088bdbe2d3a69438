/** Counts by name: injected faults, crashes by labelled point, what the world did. */
export class Tally {
  readonly faults = new Map<string, number>();
  readonly crashPoints = new Map<string, number>();
  readonly work = new Map<string, number>();
  readonly #passed = new Map<string, number>();

  fault(kind: string, count = 1): void {
    add(this.faults, kind, count);
  }

  /** There is such a point: one that never crashes is counted too, as 0. */
  know(label: string): void {
    add(this.crashPoints, label, 0);
  }

  /** A labelled point is reached in troubled times; answers how often it was before. */
  pass(label: string): number {
    const before = this.#passed.get(label) ?? 0;
    this.#passed.set(label, before + 1);
    return before;
  }

  crashAt(label: string): void {
    add(this.crashPoints, label, 1);
  }

  did(what: string, count = 1): void {
    add(this.work, what, count);
  }
}

const add = (counts: Map<string, number>, name: string, count: number): void => {
  counts.set(name, (counts.get(name) ?? 0) + count);
};
