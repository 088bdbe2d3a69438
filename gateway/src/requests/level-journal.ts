import { canonicalJson } from '@tapwatt/firmware-contracts';
import { ClassicLevel } from 'classic-level';
import type { Clock } from '../edges/edges.ts';
import { createBatcher } from '../ledger/batching.ts';
import type { JournalEntry, RequestJournal } from './journal.ts';

/** What comes while one write is under way goes with the next. */
const LIMITS = { maxItems: 512, maxQueued: 16_384, maxInFlight: 1, lingerMs: 0 } as const;

/** The journal on LevelDB. Not synced: it guards no money, and the operating system keeps it through a kill -9. */
export async function openLevelJournal(directory: string, clock: Clock): Promise<RequestJournal> {
  const db = new ClassicLevel<string, string>(directory, { cacheSize: 2 << 20, writeBufferSize: 1 << 20 });
  await db.open();
  const keyOf = (kid: string, requestId: string) => `${kid}~${requestId}`;
  const writes = createBatcher<{ readonly key: string; readonly value: string }, true>(
    LIMITS,
    clock,
    async (entries) => {
      await db.batch(entries.map((entry) => ({ type: 'put', ...entry })));
      return entries.map(() => true);
    },
  );
  return {
    find(kid, requestId) {
      const stored = db.getSync(keyOf(kid, requestId));
      return stored === undefined ? undefined : (JSON.parse(stored) as JournalEntry);
    },
    async record(kid, requestId, entry) {
      await writes.add({ key: keyOf(kid, requestId), value: canonicalJson(entry) });
    },
    close: () => db.close(),
  };
}
