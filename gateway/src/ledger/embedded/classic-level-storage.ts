import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { makeDirectory, syncDirectoryAndName } from '../../data/atomic-file.ts';
import { toStorageError } from './classic-level-errors.ts';
import type {
  RangeBounds,
  Storage,
  StoragePlace,
  StorageSnapshot,
  StorageView,
  StorageWrite,
} from './storage.ts';
import { damaged } from './storage-error.ts';
import { cutTables, stillCut } from './table-files.ts';

const MIB = 1024 * 1024;

/**
 * LevelDB's memory, all of it outside the JavaScript heap: blocks read 16 MiB, up to two write buffers of 8 MiB, and
 * the index and filter of each open table (about 0.2 MiB for a table of 8 MiB). Nothing else grows with the data.
 */
const LEVEL_TUNING = {
  cacheSize: 16 * MIB,
  writeBufferSize: 8 * MIB,
  maxFileSize: 8 * MIB,
  maxOpenFiles: 256,
} as const;

type Db = ClassicLevel<string, string>;
type DbSnapshot = ReturnType<Db['snapshot']>;

const guarded = <T>(name: string, read: () => T): T => {
  try {
    return read();
  } catch (cause) {
    throw toStorageError(cause, name);
  }
};

class LevelView implements StorageView {
  protected readonly db: Db;
  protected readonly options: { snapshot?: DbSnapshot };

  constructor(db: Db, options: { snapshot?: DbSnapshot } = {}) {
    this.db = db;
    this.options = options;
  }

  get(key: string): string | undefined {
    return guarded(this.db.location, () => this.db.getSync(key, this.options));
  }

  getBytes(key: string): Uint8Array | undefined {
    const options = { ...this.options, valueEncoding: 'buffer', fillCache: false };
    return guarded(this.db.location, () => this.db.getSync<string, Uint8Array>(key, options));
  }

  async *range(bounds: RangeBounds): AsyncIterable<readonly [string, string]> {
    try {
      yield* this.db.iterator({ ...this.options, ...bounds });
    } catch (cause) {
      throw toStorageError(cause, this.db.location);
    }
  }
}

class LevelSnapshot extends LevelView implements StorageSnapshot {
  close(): void {
    // Closing an explicit snapshot is synchronous underneath; the database waits for it when it closes itself.
    void this.options.snapshot?.close();
  }
}

class LevelStorage extends LevelView implements Storage {
  readonly #closed: (() => Promise<void>) | undefined;

  constructor(db: Db, closed?: () => Promise<void>) {
    super(db);
    this.#closed = closed;
  }

  /** A chained batch: its `put` costs a tenth of an operation in an array. */
  async commit(writes: readonly StorageWrite[], { sync }: { sync: boolean }): Promise<void> {
    try {
      const batch = this.db.batch();
      for (const { key, value } of writes) {
        if (typeof value === 'string') batch.put(key, value);
        else batch.put<string, Uint8Array>(key, value, { valueEncoding: 'view' });
      }
      await batch.write({ sync });
    } catch (cause) {
      throw toStorageError(cause, this.db.location);
    }
  }

  snapshot(): StorageSnapshot {
    const snapshot = guarded(this.db.location, () => this.db.snapshot());
    return new LevelSnapshot(this.db, { snapshot });
  }

  async size(): Promise<number> {
    const sizes = (await readdir(this.db.location)).map(async (file) =>
      stat(join(this.db.location, file)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async close(): Promise<void> {
    await this.db.close();
    await this.#closed?.();
  }
}

/** LevelDB renames its file CURRENT while it opens, without a sync of the directory. */
const openDurably = async (directory: string): Promise<Db> => {
  await makeDirectory(directory);
  const db = await openChecked(directory);
  try {
    await syncDirectoryAndName(directory);
    return db;
  } catch (cause) {
    await db.close();
    throw toStorageError(cause, directory);
  }
};

const openLevel = async (directory: string): Promise<Db> => {
  const db: Db = new ClassicLevel(directory, LEVEL_TUNING);
  try {
    await db.open();
    return db;
  } catch (cause) {
    throw toStorageError(cause, directory);
  }
};

const filesOf = async (directory: string): Promise<readonly string[]> => {
  try {
    return await readdir(directory);
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT') return [];
    throw toStorageError(cause, directory);
  }
};

/** A directory without CURRENT is new to LevelDB, which would then delete every table in it. */
const holdsLedger = async (directory: string): Promise<boolean> => {
  const files = await filesOf(directory);
  const data = files.filter((file) => /\.(ldb|sst|log)$/.test(file));
  if (!files.includes('CURRENT')) {
    if (data.length === 0) return false;
    throw damaged(`${directory} holds tables of a ledger, but its file CURRENT is missing.`);
  }
  return true;
};

/** LevelDB itself would notice a cut table only when it reads from it. */
const openChecked = async (directory: string): Promise<Db> => {
  const cut = await cutTables(directory, await filesOf(directory));
  const db = await openLevel(directory);
  const needed = await stillCut(directory, cut);
  if (needed === undefined) return db;
  await db.close();
  throw damaged(`Table file ${join(directory, needed)} is cut off or overwritten.`);
};

/** The remains of a replay that was killed. */
const removeStaleScratch = async (directory: string): Promise<void> => {
  const prefix = `${basename(directory)}.replay-`;
  for (const file of await filesOf(dirname(directory))) {
    if (file.startsWith(prefix)) await rm(join(dirname(directory), file), { recursive: true, force: true });
  }
};

/** A ledger in a LevelDB directory (`classic-level`); its scratch storages lie beside it. */
export const classicLevelPlace = (directory: string): StoragePlace => {
  let swept: Promise<void> | undefined;
  return {
    name: directory,
    exists: () => holdsLedger(directory),
    async open() {
      await holdsLedger(directory);
      return new LevelStorage(await openDurably(directory));
    },
    async scratch() {
      // Once: those made since then are in use.
      swept ??= removeStaleScratch(directory);
      await swept;
      const scratch = await mkdtemp(`${directory}.replay-`);
      const remove = (): Promise<void> => rm(scratch, { recursive: true, force: true });
      return new LevelStorage(await openLevel(scratch), remove);
    },
  };
};
