import { canonicalJson, TapwattError } from '@tapwatt/firmware-contracts';
import { ClassicLevel } from 'classic-level';
import { makeDirectory, syncDirectoryAndName } from '../data/atomic-file.ts';
import type { Clock } from '../edges/edges.ts';
import { createBatcher } from '../ledger/batching.ts';
import { toStorageError } from '../ledger/embedded/index.ts';
import type { JournalEntry, RequestJournal } from './journal.ts';

/** A write wakes a thread of the pool, so requests of a few milliseconds share one. */
const LIMITS = { maxItems: 512, maxQueued: 16_384, maxInFlight: 1, lingerMs: 4 } as const;
/** Entries kept in memory while the disk takes none; beyond it requests are refused with DISK_FULL. */
const MAX_UNSAVED = 16_384;
const REOPEN_FIRST_MS = 200;
const REOPEN_LONGEST_MS = 5_000;

type Db = ClassicLevel<string, string>;
/** Key and value. */
type Row = readonly [string, string];

interface Noted {
  readonly row: Row;
  /** Refused for good. */
  readonly isFinal: boolean;
}

export interface JournalEdges {
  readonly clock: Clock;
  /** Told when a write fails; the journal goes on in memory and comes back by itself. */
  readonly onError: (error: unknown, doing: string) => void;
}

/**
 * The journal on LevelDB. What was refused for good is synced: a late copy of such a request would otherwise spend money
 * after all. The rest guards none, and the operating system keeps it through a kill -9. While its disk takes nothing
 * the journal remembers in memory, so that sealed vouchers go on being redeemed.
 *
 * Throws DATA_LOCKED, DATA_DAMAGED, DISK_FULL.
 */
export async function openLevelJournal(directory: string, edges: JournalEdges): Promise<RequestJournal> {
  const { clock, onError } = edges;
  const unsaved = new Map<string, string>();
  let db: Db | undefined = await openDb(directory);
  let recovering = Promise.resolve();
  let closed = false;
  let cancelRetry = (): void => undefined;

  function keep(rows: readonly Row[]): void {
    if (unsaved.size + rows.length > MAX_UNSAVED) throw new TapwattError('DISK_FULL');
    for (const [key, value] of rows) unsaved.set(key, value);
  }

  /** LevelDB takes no write any more once one has failed: only opening it again helps. */
  function fail(failed: Db, error: unknown): void {
    if (db !== failed) return;
    db = undefined;
    onError(error, 'write the journal of requests');
    recovering = failed.close().then(
      () => retryAfter(REOPEN_FIRST_MS),
      () => retryAfter(REOPEN_FIRST_MS),
    );
  }

  function retryAfter(pauseMs: number): void {
    if (closed) return;
    cancelRetry = clock.after(pauseMs, () => {
      recovering = reopen().catch(() => retryAfter(Math.min(2 * pauseMs, REOPEN_LONGEST_MS)));
    });
  }

  async function reopen(): Promise<void> {
    const opened = await openDb(directory);
    try {
      while (unsaved.size > 0) {
        const rows = [...unsaved];
        await put(opened, rows, { sync: true });
        for (const [key, value] of rows) if (unsaved.get(key) === value) unsaved.delete(key);
      }
    } catch (error) {
      await opened.close();
      throw error;
    }
    db = opened;
  }

  function stored(key: string): string | undefined {
    const source = db;
    if (source === undefined) return undefined;
    try {
      return source.getSync(key);
    } catch (error) {
      fail(source, error);
      return undefined;
    }
  }

  const writes = createBatcher<Noted, true>(LIMITS, clock, async (noted) => {
    const target = db;
    const rows = noted.map(({ row }) => row);
    if (target === undefined) keep(rows);
    else {
      await put(target, rows, { sync: noted.some(({ isFinal }) => isFinal) }).catch((error: unknown) => {
        keep(rows);
        fail(target, error);
      });
    }
    return noted.map(() => true);
  });

  return {
    find(kid, requestId) {
      const key = keyOf(kid, requestId);
      const found = unsaved.get(key) ?? stored(key);
      return found === undefined ? undefined : (JSON.parse(found) as JournalEntry);
    },
    async record(kid, requestId, entry) {
      const row = [keyOf(kid, requestId), canonicalJson(entry)] as const;
      await writes.add({ row, isFinal: entry.refused !== undefined });
    },
    async close() {
      closed = true;
      cancelRetry();
      await recovering;
      await db?.close();
    },
  };
}

const keyOf = (kid: string, requestId: string): string => `${kid}~${requestId}`;

const put = (db: Db, rows: readonly Row[], options: { readonly sync: boolean }): Promise<void> =>
  db.batch(
    rows.map(([key, value]) => ({ type: 'put', key, value })),
    options,
  );

async function openDb(directory: string): Promise<Db> {
  const db: Db = new ClassicLevel(directory, { cacheSize: 2 << 20, writeBufferSize: 1 << 20 });
  try {
    await makeDirectory(directory);
    await db.open();
    await syncDirectoryAndName(directory);
    return db;
  } catch (cause) {
    await db.close();
    const error = toStorageError(cause, directory);
    if (error.code !== 'DATA_DAMAGED') throw error;
    const remedy = 'It guards no money: move it away, and the gateway makes a new one.';
    throw new TapwattError('DATA_DAMAGED', `The journal of requests in ${directory} is damaged. ${remedy}`, {
      cause,
    });
  }
}
