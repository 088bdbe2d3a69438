import { TapwattError } from '@tapwatt/firmware-contracts';
import { ClassicLevel } from 'classic-level';
import { makeDirectory, syncDirectoryAndName } from '../data/atomic-file.ts';
import { toStorageError } from '../ledger/embedded/index.ts';
import type { RequestJournal } from './journal.ts';
import { createLastingJournal, type JournalEdges, type JournalStore } from './lasting-journal.ts';

/**
 * The journal on LevelDB.
 *
 * Throws DATA_LOCKED, DATA_DAMAGED, DISK_FULL.
 */
export async function openLevelJournal(directory: string, edges: JournalEdges): Promise<RequestJournal> {
  const open = () => openStore(directory);
  return createLastingJournal({ opened: await open(), open }, edges);
}

async function openStore(directory: string): Promise<JournalStore> {
  const db = await openDb(directory);
  return {
    get: (key) => db.getSync(key),
    put: (rows, options) =>
      db.batch(
        rows.map(([key, value]) => ({ type: 'put', key, value })),
        options,
      ),
    close: () => db.close(),
  };
}

async function openDb(directory: string): Promise<ClassicLevel<string, string>> {
  await makeDirectory(directory);
  const db = new ClassicLevel<string, string>(directory, { cacheSize: 2 << 20, writeBufferSize: 1 << 20 });
  try {
    await db.open();
    await syncDirectoryAndName(directory);
    return db;
  } catch (cause) {
    await db.close();
    const error = toStorageError(cause, directory);
    if (error.code !== 'DATA_DAMAGED') throw error;
    const remedy =
      'Move it away, and the gateway makes a new one, which has forgotten what was refused for good by the limits of an amount.';
    throw new TapwattError('DATA_DAMAGED', `The journal of requests in ${directory} is damaged. ${remedy}`, {
      cause,
    });
  }
}
