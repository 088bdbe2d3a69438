import { type Head, type Meta, NO_HEAD, readHead, readMeta } from './head.ts';
import type { Pace } from './pace.ts';
import { blockRow, HEAD_ROW, kindRange, META_ROW } from './rows.ts';
import type { StoragePlace, StorageSnapshot, StorageWrite } from './storage.ts';
import { damaged } from './storage-error.ts';

/** Every row of a ledger as of one moment, one after another: bigger than memory. To be closed. */
export interface LedgerDump {
  readonly meta: Meta;
  readonly head: Head;
  /** Throws `StorageError`. */
  rows(): AsyncIterable<StorageWrite>;
  close(): void;
}

const BATCH_BYTES = 1024 * 1024;
/** What a row costs in memory besides its text. */
const ROW_BYTES = 64;

/** Closes `view` where it cannot be read. Throws `StorageError`. */
export function dumpOf(view: StorageSnapshot, { meta, pace }: { meta: Meta; pace: Pace }): LedgerDump {
  try {
    const head = readHead(view) ?? NO_HEAD;
    return { meta, head, rows: () => rowsOf(view, head, pace), close: () => view.close() };
  } catch (error) {
    view.close();
    throw error;
  }
}

async function* rowsOf(view: StorageSnapshot, head: Head, pace: Pace): AsyncIterable<StorageWrite> {
  for (const key of [META_ROW, HEAD_ROW]) {
    const value = view.get(key);
    if (value === undefined) throw damaged(`The ledger’s row ${key} is missing.`);
    yield { key, value };
  }
  for (let number = 0; number <= head.number; number += 1) {
    const value = view.getBytes(blockRow(number));
    if (value === undefined)
      throw damaged(`Block ${number} is missing, though the head is block ${head.number}.`);
    yield { key: blockRow(number), value };
    await pace.breathe();
  }
  for (const kind of ['i', 't', 's', 'h'] as const) {
    for await (const [key, value] of view.range(kindRange(kind))) {
      yield { key, value };
      await pace.breathe();
    }
  }
}

/** Writes the rows of a dump into an empty place, durably. Throws `StorageError`. */
export async function loadRows(place: StoragePlace, rows: AsyncIterable<StorageWrite>): Promise<void> {
  const storage = await place.open();
  try {
    let batch: StorageWrite[] = [];
    let bytes = 0;
    for await (const row of rows) {
      batch.push(row);
      bytes += row.key.length + row.value.length + ROW_BYTES;
      if (bytes < BATCH_BYTES) continue;
      await storage.commit(batch, { sync: true });
      [batch, bytes] = [[], 0];
    }
    await storage.commit(batch, { sync: true });
  } finally {
    await storage.close();
  }
}

/** Which ledger is in a place and how far it goes, without a check; `undefined` where there is none. Throws `StorageError`. */
export async function headOf(
  place: StoragePlace,
): Promise<{ readonly ledgerId: string; readonly head: number } | undefined> {
  if (!(await place.exists())) return undefined;
  const storage = await place.open();
  try {
    const [meta, head] = [readMeta(storage), readHead(storage)];
    if (meta === undefined || head === undefined) throw damaged(`${place.name} holds no whole ledger.`);
    return { ledgerId: meta.ledgerId, head: head.number };
  } finally {
    await storage.close();
  }
}
