import { historyKept } from './keys.ts';
import type { KeyModification, LedgerState, QueryState } from './ports.ts';

/** A whole ledger state in memory: for tests, and for small tools that replay blocks. */
export class MemoryState implements QueryState {
  readonly #values = new Map<string, string>();
  readonly #histories = new Map<string, KeyModification[]>();
  #sorted: string[] | undefined;

  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  async *range(
    start: string,
    endExclusive: string,
    limit: number,
  ): AsyncGenerator<readonly [key: string, value: string]> {
    this.#sorted ??= [...this.#values.keys()].sort();
    const from = firstNotBelow(this.#sorted, start);
    for (const key of this.#sorted.slice(from, from + limit)) {
      if (key >= endExclusive) return;
      yield [key, this.#values.get(key) ?? ''];
    }
  }

  async *history(key: string): AsyncGenerator<KeyModification> {
    yield* this.#histories.get(key) ?? [];
  }

  /** The state as one transaction sees and changes it. */
  during(txId: string, blockNumber: number): LedgerState {
    return {
      get: (key) => this.get(key),
      put: (key, value) => this.#put(key, { txId, blockNumber, value }),
    };
  }

  /** Every key with its value, in the order of keys. */
  entries(): readonly (readonly [key: string, value: string])[] {
    return [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #put(key: string, modification: KeyModification): void {
    if (!this.#values.has(key)) this.#sorted = undefined;
    this.#values.set(key, modification.value);
    if (!historyKept(key)) return;
    const history = this.#histories.get(key);
    if (history === undefined) this.#histories.set(key, [modification]);
    else history.push(modification);
  }
}

function firstNotBelow(sorted: readonly string[], start: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < start) low = middle + 1;
    else high = middle;
  }
  return low;
}
