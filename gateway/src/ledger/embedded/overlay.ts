import type { Committed } from '../ledger.ts';
import { stateRow } from './rows.ts';
import type { StorageView } from './storage.ts';

/** What a group of transactions has written and decided, before it is durable. */
export interface Layer {
  /** State key → value with its version. */
  readonly state: ReadonlyMap<string, string>;
  /** Transaction id → its outcome, with the order that made it. */
  readonly outcomes: ReadonlyMap<string, KnownOutcome>;
}

/** The first outcome of a transaction id. */
export interface KnownOutcome {
  readonly committed: Committed<unknown>;
  readonly jws?: string | undefined;
}

/** State as the next transaction sees it: values carry their versions. */
export interface StateReader {
  get(key: string): string | undefined;
}

/** Reads the newest layer first, then the storage; layers that have landed may still be there, they say the same. */
export const overlayReader = (layers: () => readonly Layer[], storage: StorageView): StateReader => ({
  get(key) {
    for (const layer of layers()) {
      const raw = layer.state.get(key);
      if (raw !== undefined) return raw;
    }
    return storage.get(stateRow(key));
  },
});
