import type { KeyModification, QueryState } from '@tapwatt/chaincode';
import {
  historyRange,
  stateRow,
  txIdsRow,
  type Version,
  valueIn,
  versionOf,
  versionOfHistoryRow,
} from './rows.ts';
import type { StorageView } from './storage.ts';
import { damaged } from './storage-error.ts';
import type { WatchedReads } from './watched-reads.ts';

const STATE_PREFIX_LENGTH = stateRow('').length;

const modification = (view: StorageView, { block, index }: Version, value: string): KeyModification => {
  const txId = view.get(txIdsRow(block))?.split(' ')[index];
  if (txId === undefined) throw damaged(`Block ${block} lacks its transaction ${index}.`);
  return { txId, blockNumber: block, value };
};

/** Every value that a key had, oldest first: the former ones from their rows, then the one that counts. */
async function* historyOf(view: StorageView, key: string): AsyncIterable<KeyModification> {
  for await (const [row, value] of view.range(historyRange(key))) {
    yield modification(view, versionOfHistoryRow(row), value);
  }
  const raw = view.get(stateRow(key));
  if (raw !== undefined) yield modification(view, versionOf(raw, key), valueIn(raw));
}

async function* rangeOf(
  view: StorageView,
  bounds: { gte: string; lt: string; limit: number },
): AsyncIterable<readonly [string, string]> {
  for await (const [row, raw] of view.range(bounds)) yield [row.slice(STATE_PREFIX_LENGTH), valueIn(raw)];
}

/** A view whose failures are remembered; see `WatchedReads`. */
export const watchedView = (view: StorageView, reads: WatchedReads): StorageView => ({
  get: (key) => reads.run(() => view.get(key)),
  getBytes: (key) => reads.run(() => view.getBytes(key)),
  async *range(bounds) {
    const rows = view.range(bounds)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await rows.next().catch((error: unknown) => reads.run(() => thrown(error)));
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await rows.return?.();
    }
  },
});

const thrown = (error: unknown): never => {
  throw error;
};

/** Durable state as a query reads it, all of one moment if `view` is a snapshot. Reads throw `StorageError`. */
export const queryStateOf = (view: StorageView): QueryState => ({
  get(key) {
    const raw = view.get(stateRow(key));
    return raw === undefined ? undefined : valueIn(raw);
  },
  range: (start, endExclusive, limit) =>
    rangeOf(view, { gte: stateRow(start), lt: stateRow(endExclusive), limit }),
  history: (key) => historyOf(view, key),
});
