import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** What every whole LevelDB table ends in. */
const MAGIC = Buffer.from('57fb808b247547db', 'hex');

/** A table without its end, and which writing of that file it was. */
export interface CutTable {
  readonly file: string;
  readonly identity: string;
}

const cutTable = async (handle: FileHandle, file: string): Promise<CutTable | undefined> => {
  const { size, ino, mtimeNs } = await handle.stat({ bigint: true });
  const end = Buffer.alloc(MAGIC.length);
  await handle.read(end, 0, end.length, Math.max(0, Number(size) - end.length));
  return end.equals(MAGIC) ? undefined : { file, identity: `${ino}.${size}.${mtimeNs}` };
};

const inspect = async (directory: string, file: string): Promise<CutTable | undefined> => {
  let handle: FileHandle;
  try {
    handle = await open(join(directory, file), 'r');
  } catch {
    // Removed meanwhile; a file that is needed and cannot be read fails where it is needed.
    return undefined;
  }
  try {
    return await cutTable(handle, file);
  } finally {
    await handle.close();
  }
};

/** The tables among a database's files that are not whole. */
export const cutTables = async (
  directory: string,
  files: readonly string[],
): Promise<readonly CutTable[]> => {
  const cut: CutTable[] = [];
  for (const file of files) {
    const table = /\.(ldb|sst)$/.test(file) ? await inspect(directory, file) : undefined;
    if (table !== undefined) cut.push(table);
  }
  return cut;
};

/**
 * Which of the tables that were cut before a database was opened it needs: opening removes those that a crash left
 * half made, and may write new ones under their names.
 */
export const stillCut = async (
  directory: string,
  before: readonly CutTable[],
): Promise<string | undefined> => {
  for (const { file, identity } of before) {
    if ((await inspect(directory, file))?.identity === identity) return file;
  }
  return undefined;
};
