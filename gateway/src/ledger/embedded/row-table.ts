import type { RangeBounds, StorageWrite } from './storage.ts';

/** Rows in memory with ranges in key order; a copy costs nothing until one side writes. */
export class RowTable {
  #rows: Map<string, string | Uint8Array>;
  /** Shared with copies, so that whoever sorts first sorts for all. */
  #order: { sorted: readonly string[] | undefined; unsorted: readonly string[] } = {
    sorted: undefined,
    unsorted: [],
  };
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
    copy.#order = this.#order;
    copy.#shared = true;
    this.#shared = true;
    return copy;
  }

  write(writes: readonly StorageWrite[]): void {
    this.#own();
    const added: string[] = [];
    for (const { key, value } of writes) {
      if (!this.#rows.has(key)) added.push(key);
      this.#rows.set(key, value);
    }
    const { sorted, unsorted } = this.#order;
    if (added.length > 0) this.#order = { sorted, unsorted: [...unsorted, ...added] };
  }

  remove(key: string): void {
    this.#own();
    this.#rows.delete(key);
    this.#order = { sorted: undefined, unsorted: [] };
  }

  keysIn({ gte, lt, limit = Number.POSITIVE_INFINITY }: RangeBounds): readonly string[] {
    const sorted = this.#sort();
    const from = firstAtLeast(sorted, gte);
    return sorted.slice(from, Math.min(firstAtLeast(sorted, lt), from + limit));
  }

  #sort(): readonly string[] {
    const order = this.#order;
    if (order.sorted !== undefined && order.unsorted.length === 0) return order.sorted;
    const keys = order.sorted === undefined ? this.#rows.keys() : order.sorted.concat(order.unsorted);
    order.sorted = [...keys].sort();
    order.unsorted = [];
    return order.sorted;
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
