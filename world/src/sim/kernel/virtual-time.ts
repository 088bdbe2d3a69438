interface Timer {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/**
 * The one clock of a simulated world: it stands still while anything runs and jumps to the next timer when all is
 * quiet. Timers of the same moment run in the order in which they were set.
 */
export class VirtualTime {
  #nowMs: number;
  #order = 0;
  #live = 0;
  readonly #heap: Timer[] = [];
  readonly startMs: number;

  constructor(startMs: number) {
    this.startMs = startMs;
    this.#nowMs = startMs;
  }

  /** Unix milliseconds. */
  now(): number {
    return this.#nowMs;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#live;
  }

  /** Runs once after `delayMs`; the function it returns takes that back. */
  after(delayMs: number, run: () => void): () => void {
    const delay = Number.isFinite(delayMs) ? Math.max(0, delayMs) : 0;
    const timer: Timer = { atMs: this.#nowMs + delay, order: this.#order++, run };
    this.#push(timer);
    this.#live += 1;
    return () => {
      if (timer.run !== undefined) this.#live -= 1;
      timer.run = undefined;
    };
  }

  /** Takes the next timer due by `untilMs` and moves the clock to it; `undefined` when there is none. */
  next(untilMs: number): (() => void) | undefined {
    for (let top = this.#heap[0]; top !== undefined && top.atMs <= untilMs; top = this.#heap[0]) {
      this.#pop();
      const { run } = top;
      if (run === undefined) continue;
      this.#live -= 1;
      top.run = undefined;
      this.#nowMs = Math.max(this.#nowMs, top.atMs);
      return run;
    }
    return undefined;
  }

  /** Moves on with nothing due in between. */
  reach(untilMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, timer)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const child = this.#smallerChild(index);
      const below = heap[child];
      if (below === undefined || isBefore(last, below)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }

  #smallerChild(index: number): number {
    const [left, right] = [2 * index + 1, 2 * index + 2];
    const [a, b] = [this.#heap[left], this.#heap[right]];
    return a !== undefined && b !== undefined && isBefore(b, a) ? right : left;
  }
}

const isBefore = (a: Timer, b: Timer): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
