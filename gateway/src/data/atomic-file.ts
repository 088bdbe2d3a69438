import { type FileHandle, link, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { temporaryNameFor } from './temporary-name.ts';

export interface AtomicWriteOptions {
  readonly mode: number;
  /** Never replace an existing file: throws the system's EEXIST instead. */
  readonly onlyIfAbsent?: boolean;
}

/**
 * Writes a whole file or nothing: temporary file, fsync, rename, fsync of the directory. After a power cut the path
 * holds either the old content or the new one. Throws DISK_FULL, or the system's error.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  options: AtomicWriteOptions,
): Promise<void> {
  const temporary = temporaryNameFor(path);
  try {
    await writeSynced(temporary, content, options.mode);
    await (options.onlyIfAbsent === true ? linkThenUnlink(temporary, path) : rename(temporary, path));
    await syncDirectory(dirname(path));
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw errorCodeOf(cause) === 'ENOSPC'
      ? new TapwattError('DISK_FULL', `No room for ${path}.`, { cause })
      : cause;
  }
}

/** Makes a directory, for its owner only, and what is missing above it; their names survive a power cut. */
export async function makeDirectory(directory: string): Promise<void> {
  const whole = resolve(directory);
  const first = await mkdir(whole, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const above = dirname(resolve(first));
  for (let path = whole; path !== above; path = dirname(path)) {
    await syncDirectory(dirname(path));
  }
}

/** What a user is told of a file that he named and that cannot be written; anything but the system's word stays as it is. */
export function unwritable(path: string, cause: unknown): unknown {
  const code = errorCodeOf(cause);
  if (cause instanceof TapwattError || code === undefined) return cause;
  const why = code === 'EEXIST' ? 'exists already: choose another name' : `cannot be written (${code})`;
  return new TapwattError('BAD_REQUEST', `${path} ${why}.`, { cause });
}

/** Makes a directory's entries (files made, renamed, removed) durable. */
export async function syncDirectory(directory: string): Promise<void> {
  await withFile(await open(directory, 'r'), (handle) => handle.sync());
}

/** The same for a directory's own name too: it may have been made by a process that was killed before it could do this. */
export async function syncDirectoryAndName(directory: string): Promise<void> {
  await syncDirectory(directory);
  await syncDirectory(dirname(resolve(directory)));
}

/** The `code` of a system error such as ENOENT. */
export function errorCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Unlike a rename, a link never replaces what another process put there first. */
async function linkThenUnlink(temporary: string, path: string): Promise<void> {
  await link(temporary, path);
  await unlink(temporary);
}

async function writeSynced(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  await withFile(await open(path, 'wx', mode), async (handle) => {
    await handle.chmod(mode);
    await handle.writeFile(content);
    await handle.sync();
  });
}

async function withFile(handle: FileHandle, work: (handle: FileHandle) => Promise<void>): Promise<void> {
  try {
    await work(handle);
  } finally {
    await handle.close();
  }
}
