import type { StorageWrite } from '../ledger/embedded/index.ts';
import { damagedBackup } from './damaged-backup.ts';

/** A row: key length 2 · value length 4 with the highest bit set where the value is bytes and not text · key · value. */
const HEAD_BYTES = 6;
const IS_BYTES = 0x8000_0000;
const CHUNK_BYTES = 256 * 1024;
/** One block at most, and some. */
const MAX_VALUE_BYTES = 96 * 1024 * 1024;

/** Rows as bytes in chunks of some size. */
export async function* encodeRows(
  rows: AsyncIterable<StorageWrite>,
  onRow: () => void,
): AsyncIterable<Uint8Array> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const { key, value } of rows) {
    onRow();
    const name = Buffer.from(key);
    const body = typeof value === 'string' ? Buffer.from(value) : value;
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt16BE(name.length, 0);
    head.writeUInt32BE(typeof value === 'string' ? body.length : body.length + IS_BYTES, 2);
    parts.push(head, name, body);
    bytes += HEAD_BYTES + name.length + body.length;
    if (bytes < CHUNK_BYTES) continue;
    yield Buffer.concat(parts);
    [parts, bytes] = [[], 0];
  }
  if (bytes > 0) yield Buffer.concat(parts);
}

/** The rows again, from chunks cut anywhere. Throws DATA_DAMAGED. */
export async function* decodeRows(chunks: AsyncIterable<Uint8Array>): AsyncIterable<StorageWrite> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
    let at = 0;
    for (let row = rowAt(held, at); row !== undefined; row = rowAt(held, at)) {
      at = row.end;
      yield row.write;
    }
    held = held.subarray(at);
  }
  if (held.length > 0) throw damagedBackup('The backup ends in the middle of a row.');
}

function rowAt(held: Buffer, at: number): { write: StorageWrite; end: number } | undefined {
  if (held.length < at + HEAD_BYTES) return undefined;
  const keyLength = held.readUInt16BE(at);
  const marked = held.readUInt32BE(at + 2);
  const length = marked % IS_BYTES;
  if (length > MAX_VALUE_BYTES) throw damagedBackup('A row of the backup is too long.');
  const body = at + HEAD_BYTES + keyLength;
  const end = body + length;
  if (held.length < end) return undefined;
  const key = held.toString('utf8', at + HEAD_BYTES, body);
  const value = held.subarray(body, end);
  return { write: { key, value: marked >= IS_BYTES ? Buffer.from(value) : value.toString('utf8') }, end };
}
