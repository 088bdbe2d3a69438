/** Counts by name: injected faults, crashes by labelled point, what the world did. */
export class Tally {
  readonly faults = new Map<string, number>();
  readonly crashPoints = new Map<string, number>();
  readonly work = new Map<string, number>();
  readonly #passed = new Map<string, number>();

  fault(kind: string, count = 1): void {
    add(this.faults, kind, count);
  }

  /** A labelled point is reached; answers how often it was before. One that never crashes is counted too, as 0. */
  pass(label: string): number {
    const before = this.#passed.get(label) ?? 0;
    this.#passed.set(label, before + 1);
    add(this.crashPoints, label, 0);
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
