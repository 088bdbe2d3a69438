import { historyKept, type KeyModification, type LedgerState, type QueryState } from '@tapwatt/chaincode';

interface Versioned {
  readonly value: string;
  readonly version: number;
}

/** A key-value state in which every value has the number of the write that made it, as Fabric's world state has. */
export class VersionedState {
  readonly #values = new Map<string, Versioned>();
  readonly #histories = new Map<string, KeyModification[]>();
  #sorted: readonly string[] | undefined;
  #version = 0;

  /** The state for one simulation of a transaction: what it read and would write is written down, nothing is changed. */
  during(): { state: LedgerState; reads: Map<string, number>; writes: Map<string, string> } {
    const reads = new Map<string, number>();
    const writes = new Map<string, string>();
    const state: LedgerState = {
      get: (key) => {
        const found = this.#values.get(key);
        reads.set(key, found?.version ?? 0);
        return found?.value;
      },
      put: (key, value) => void writes.set(key, value),
    };
    return { state, reads, writes };
  }

  isStill(reads: ReadonlyMap<string, number>): boolean {
    return [...reads].every(([key, version]) => (this.#values.get(key)?.version ?? 0) === version);
  }

  commit(
    writes: ReadonlyMap<string, string>,
    at: { readonly txId: string; readonly blockNumber: number },
  ): void {
    for (const [key, value] of writes) {
      if (!this.#values.has(key)) this.#sorted = undefined;
      this.#values.set(key, { value, version: ++this.#version });
      if (!historyKept(key)) continue;
      const history = this.#histories.get(key) ?? [];
      history.push({ ...at, value });
      this.#histories.set(key, history);
    }
  }

  /** The committed state, for queries. */
  now(): QueryState {
    const [values, histories] = [this.#values, this.#histories];
    const sorted = (): readonly string[] => {
      this.#sorted ??= [...values.keys()].sort();
      return this.#sorted;
    };
    return {
      get: (key) => values.get(key)?.value,
      async *range(start, endExclusive, limit) {
        const keys = sorted().filter((key) => key >= start && key < endExclusive);
        for (const key of keys.slice(0, limit)) yield [key, values.get(key)?.value ?? ''] as const;
      },
      async *history(key) {
        yield* histories.get(key) ?? [];
      },
    };
  }
}
