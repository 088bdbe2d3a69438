import { canonicalJson, TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from '../edges/edges.ts';
import { createBatcher } from '../ledger/batching.ts';
import type { JournalEntry, RequestJournal } from './journal.ts';

/** A write wakes a thread of the pool, so requests of a few milliseconds share one. */
const LIMITS = { maxItems: 512, maxQueued: 16_384, maxInFlight: 1, lingerMs: 4 } as const;
/** Entries kept in memory while the disk takes none; beyond it requests are refused with DISK_FULL. */
const MAX_UNSAVED = 16_384;
const REOPEN_FIRST_MS = 200;
const REOPEN_LONGEST_MS = 5_000;

type Row = readonly [key: string, value: string];

interface Noted {
  readonly row: Row;
  /** Refused for good. */
  readonly isFinal: boolean;
}

/** Where a journal lies, opened once: whatever failed once may fail from then on, until it is opened again. */
export interface JournalStore {
  /** Throws when it cannot be read. */
  get(key: string): string | undefined;
  /** All of them or none; with `sync` they survive a loss of power too, and so does all that was put before. */
  put(rows: readonly Row[], options: { readonly sync: boolean }): Promise<void>;
  close(): Promise<void>;
}

export interface JournalEdges {
  readonly clock: Clock;
  /** Told when a write fails; the journal goes on in memory and comes back by itself. */
  readonly onError: (error: unknown, doing: string) => void;
}

export interface JournalPlace {
  readonly opened: JournalStore;
  /** Opens it again, after a failure. */
  readonly open: () => Promise<JournalStore>;
}

/**
 * The journal on a store that may fail. What was refused for good is synced before that is told, or not told: a late copy of
 * such a request would otherwise spend money after all. The rest guards none, and the operating system keeps it through a
 * kill -9. While its disk takes nothing the journal remembers that rest in memory, so that sealed vouchers go on being redeemed.
 */
export function createLastingJournal(place: JournalPlace, { clock, onError }: JournalEdges): RequestJournal {
  const unsaved = new Map<string, string>();
  let store: JournalStore | undefined = place.opened;
  let recovering = Promise.resolve();
  let closed = false;
  let cancelRetry = (): void => undefined;

  function keep(rows: readonly Row[]): void {
    if (unsaved.size + rows.length > MAX_UNSAVED) throw new TapwattError('DISK_FULL');
    for (const [key, value] of rows) unsaved.set(key, value);
  }

  /** LevelDB takes no write any more once one has failed: only opening it again helps. */
  function fail(failed: JournalStore, error: unknown): void {
    if (store !== failed) return;
    store = undefined;
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
    const opened = await place.open();
    try {
      while (unsaved.size > 0) {
        const rows = [...unsaved];
        await opened.put(rows, { sync: true });
        for (const [key, value] of rows) if (unsaved.get(key) === value) unsaved.delete(key);
      }
    } catch (error) {
      await opened.close();
      throw error;
    }
    store = opened;
  }

  function stored(key: string): string | undefined {
    const source = store;
    if (source === undefined) return undefined;
    try {
      return source.get(key);
    } catch (error) {
      fail(source, error);
      return undefined;
    }
  }

  /** Answers which are on the disk. */
  const writes = createBatcher<Noted, boolean>(LIMITS, clock, async (noted) => {
    const target = store;
    const rows = noted.map(({ row }) => row);
    const passing = noted.filter(({ isFinal }) => !isFinal).map(({ row }) => row);
    if (target === undefined) {
      keep(passing);
      return noted.map(() => false);
    }
    try {
      await target.put(rows, { sync: passing.length < rows.length });
      return noted.map(() => true);
    } catch (error) {
      keep(passing);
      fail(target, error);
      return noted.map(() => false);
    }
  });

  return {
    find(kid, requestId) {
      const key = keyOf(kid, requestId);
      const found = unsaved.get(key) ?? stored(key);
      return found === undefined ? undefined : (JSON.parse(found) as JournalEntry);
    },
    canTell: () => store !== undefined,
    async record(kid, requestId, entry) {
      const row = [keyOf(kid, requestId), canonicalJson(entry)] as const;
      const isFinal = entry.refused !== undefined;
      const isOnDisk = await writes.add({ row, isFinal });
      if (isFinal && !isOnDisk) throw new TapwattError('DISK_FULL', NOT_WRITTEN);
    },
    async close() {
      closed = true;
      cancelRetry();
      await recovering;
      await store?.close();
    },
  };
}

const NOT_WRITTEN = 'The journal of requests cannot be written now.';

const keyOf = (kid: string, requestId: string): string => `${kid}~${requestId}`;
