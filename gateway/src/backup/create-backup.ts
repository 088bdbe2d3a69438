import { link, lstat, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { errorCodeOf, syncDirectory } from '../data/atomic-file.ts';
import { temporaryNameFor } from '../data/temporary-name.ts';
import { openBackupFile } from './backup-file.ts';
import type { Manifest } from './manifest.ts';

/**
 * Writes the bytes of a backup under a name that is free, whole or not at all, and reads it back.
 *
 * Throws BAD_REQUEST where the name is taken, DISK_FULL, DATA_DAMAGED where the bytes did not come whole.
 */
export async function createBackupFile(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  onProgress: (bytes: number) => void = () => undefined,
): Promise<Manifest> {
  const temporary = temporaryNameFor(path);
  if (await isTaken(path)) throw takenName(path);
  try {
    await writeAll(temporary, bytes, onProgress);
    const { manifest } = await openBackupFile(temporary);
    // Unlike a rename, a link never replaces what has the name.
    await link(temporary, path);
    await syncDirectory(dirname(path));
    return manifest;
  } catch (cause) {
    throw failureOf(path, cause);
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

async function writeAll(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  onProgress: (bytes: number) => void,
): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    let written = 0;
    for await (const chunk of bytes) {
      await handle.writeFile(chunk);
      written += chunk.length;
      onProgress(written);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const takenName = (path: string): TapwattError =>
  new TapwattError('BAD_REQUEST', `${path} exists already: choose another name.`);

/** Asked before the long work; the link asks again. */
const isTaken = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

function failureOf(path: string, cause: unknown): unknown {
  switch (errorCodeOf(cause)) {
    case 'EEXIST':
      return takenName(path);
    case 'ENOSPC':
      return new TapwattError('DISK_FULL', `No room for ${path}.`, { cause });
    case 'ENOENT':
    case 'EACCES':
      return new TapwattError('BAD_REQUEST', `${path} cannot be written.`, { cause });
    default:
      return cause;
  }
}
