import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { errorCodeOf } from '../data/atomic-file.ts';
import type { StorageWrite } from '../ledger/embedded/index.ts';
import { damagedBackup } from './damaged-backup.ts';
import { END_MARK, FIRST_LINE, MAX_MANIFEST_BYTES, TAIL_BYTES } from './layout.ts';
import { type Manifest, openManifest } from './manifest.ts';
import { decodeRows } from './row-codec.ts';

/** A backup whose signature and contents were checked. */
export interface BackupFile {
  readonly manifest: Manifest;
  rows(): AsyncIterable<StorageWrite>;
}

const damaged = (path: string, why: string): TapwattError => damagedBackup(`${path} ${why}.`);

/**
 * Checks a backup file from end to end: that it is whole, its manifest's signature, and the hash of its contents.
 *
 * Throws NOT_FOUND, DATA_DAMAGED.
 */
export async function openBackupFile(
  path: string,
  onProgress: (bytes: number, ofBytes: number) => void = () => undefined,
): Promise<BackupFile> {
  const manifest = await readManifest(path);
  const { contentBytes, contentSha256 } = manifest;
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const chunk of contentOf(path, contentBytes)) {
    digest.update(chunk);
    bytes += chunk.length;
    onProgress(bytes, contentBytes);
  }
  if (digest.digest('hex') !== contentSha256)
    throw damaged(path, 'was changed: its contents have another hash');
  return { manifest, rows: () => rowsOf(path, manifest) };
}

async function readManifest(path: string): Promise<Manifest> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    if (errorCodeOf(cause) !== 'ENOENT') throw damagedBackup(`${path} cannot be read.`, cause);
    throw new TapwattError('NOT_FOUND', `There is no file ${path}.`, { cause, remedy: 'Check its name.' });
  });
  try {
    const { size } = await handle.stat();
    const first = await bytesAt(handle, 0, FIRST_LINE.length);
    if (!first.equals(FIRST_LINE)) throw damaged(path, 'is no backup of this version');
    const tail = await bytesAt(handle, size - TAIL_BYTES, TAIL_BYTES);
    const length = tail.length === TAIL_BYTES ? tail.readUInt32BE(0) : 0;
    if (!tail.subarray(4).equals(END_MARK) || length > MAX_MANIFEST_BYTES)
      throw damaged(path, 'is not whole');
    const manifest = openManifest(
      (await bytesAt(handle, size - TAIL_BYTES - length, length)).toString('utf8'),
    );
    const expected = FIRST_LINE.length + manifest.contentBytes + length + TAIL_BYTES;
    if (size !== expected) throw damaged(path, `has ${size} bytes and should have ${expected}`);
    return manifest;
  } finally {
    await handle.close();
  }
}

async function bytesAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0) return Buffer.alloc(0);
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

const contentOf = (path: string, contentBytes: number) =>
  createReadStream(path, { start: FIRST_LINE.length, end: FIRST_LINE.length + contentBytes - 1 });

async function* rowsOf(path: string, { contentBytes, rows }: Manifest): AsyncIterable<StorageWrite> {
  const plain = createZstdDecompress();
  pipeline(contentOf(path, contentBytes), plain, () => undefined);
  let count = 0;
  for await (const row of decodeRows(plain as AsyncIterable<Uint8Array>)) {
    count += 1;
    yield row;
  }
  if (count !== rows) throw damaged(path, `holds ${count} rows and should hold ${rows}`);
}
