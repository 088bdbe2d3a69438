import type { RangeBounds, StorageWrite } from './storage.ts';

/** Rows in memory with ranges in key order; a copy costs nothing until one side writes. */
export class RowTable {
  #rows: Map<string, string | Uint8Array>;
  #sorted: readonly string[] | undefined;
  #shared = false;

  constructor(rows: Map<string, string | Uint8Array> = new Map()) {
    this.#rows = rows;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(key: string): string | Uint8Array | undefined {
    return this.#rows.get(key);
  }

  keys(): Iterable<string> {
    return this.#rows.keys();
  }

  copy(): RowTable {
    const copy = new RowTable(this.#rows);
    copy.#sorted = this.#sorted;
    copy.#shared = true;
    this.#shared = true;
    return copy;
  }

  write(writes: readonly StorageWrite[]): void {
    this.#own();
    for (const { key, value } of writes) {
      if (!this.#rows.has(key)) this.#sorted = undefined;
      this.#rows.set(key, value);
    }
  }

  remove(key: string): void {
    this.#own();
    this.#rows.delete(key);
    this.#sorted = undefined;
  }

  keysIn({ gte, lt, limit = Number.POSITIVE_INFINITY }: RangeBounds): readonly string[] {
    this.#sorted ??= [...this.#rows.keys()].sort();
    const from = firstAtLeast(this.#sorted, gte);
    return this.#sorted.slice(from, Math.min(firstAtLeast(this.#sorted, lt), from + limit));
  }

  #own(): void {
    if (this.#shared) this.#rows = new Map(this.#rows);
    this.#shared = false;
  }
}

const firstAtLeast = (sorted: readonly string[], key: string): number => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
};
