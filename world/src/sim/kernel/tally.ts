/** Counts by name: injected faults, crashes by labelled point, what the world did. */
export class Tally {
  readonly faults = new Map<string, number>();
  readonly crashPoints = new Map<string, number>();
  readonly work = new Map<string, number>();

  fault(kind: string, count = 1): void {
    add(this.faults, kind, count);
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
