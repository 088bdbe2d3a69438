import { canonicalJson } from '@tapwatt/firmware-contracts';
import { ClassicLevel } from 'classic-level';
import type { JournalEntry, RequestJournal } from './journal.ts';

/** The journal on LevelDB. Not synced: it guards no money, and the operating system keeps it through a kill -9. */
export async function openLevelJournal(directory: string): Promise<RequestJournal> {
  const db = new ClassicLevel<string, string>(directory, { cacheSize: 2 << 20, writeBufferSize: 1 << 20 });
  await db.open();
  const key = (kid: string, requestId: string) => `${kid}~${requestId}`;
  return {
    find(kid, requestId) {
      const stored = db.getSync(key(kid, requestId));
      return stored === undefined ? undefined : (JSON.parse(stored) as JournalEntry);
    },
    record: (kid, requestId, entry) => db.put(key(kid, requestId), canonicalJson(entry)),
    close: () => db.close(),
  };
}
