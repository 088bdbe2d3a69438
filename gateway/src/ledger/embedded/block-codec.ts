import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { canonicalJson } from '@tapwatt/firmware-contracts';
import { type Block, type BlockHeader, hashText } from './block.ts';
import { blockRow } from './rows.ts';
import type { StorageView } from './storage.ts';
import { damaged } from './storage-error.ts';

/**
 * A stored block: format 1 · CRC-32 of the rest 4 · body, plain or Zstandard. The body is one line of header and
 * signature, then the transactions. The CRC is there for the bits that a decompressor ignores.
 */
const PLAIN = 1;
const ZSTD = 2;
const HEAD_LENGTH = 5;
/** Below this Zstandard saves nothing. */
const COMPRESS_FROM_BYTES = 256;
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export const encodeBlock = (block: Block): Uint8Array => {
  const head = canonicalJson({ header: block.header, signature: block.signature });
  const plain = Buffer.from(`${head}\n${block.transactionsJson}`);
  const packed = plain.length < COMPRESS_FROM_BYTES ? plain : zstdCompressSync(plain);
  const body = packed.length < plain.length ? packed : plain;
  const stored = Buffer.allocUnsafe(HEAD_LENGTH + body.length);
  stored.writeUInt8(body === plain ? PLAIN : ZSTD, 0);
  stored.writeUInt32BE(crc32(body), 1);
  stored.set(body, HEAD_LENGTH);
  return stored;
};

const bodyOf = (bytes: Uint8Array): string => {
  const stored = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = stored.subarray(HEAD_LENGTH);
  if (stored.length < HEAD_LENGTH || stored.readUInt32BE(1) !== crc32(body)) {
    throw new Error('its checksum is wrong');
  }
  switch (stored.readUInt8(0)) {
    case PLAIN:
      return body.toString('utf8');
    case ZSTD:
      return zstdDecompressSync(body, { maxOutputLength: MAX_BODY_BYTES }).toString('utf8');
    default:
      throw new Error('its format is unknown');
  }
};

/** Reads a stored block and checks that it is the one asked for and whole. Throws `StorageError` DATA_DAMAGED. */
export const decodeBlock = (bytes: Uint8Array, number: number): Block => {
  try {
    const body = bodyOf(bytes);
    const line = body.indexOf('\n');
    const head = JSON.parse(body.slice(0, line)) as { header: BlockHeader; signature: string };
    const block = { ...head, transactionsJson: body.slice(line + 1) };
    if (block.header.number !== number) throw new Error(`it says it is block ${block.header.number}`);
    if (hashText(block.transactionsJson) !== block.header.txHash) {
      throw new Error('its transactions are not the ones it was signed for');
    }
    return block;
  } catch (cause) {
    throw damaged(`Block ${number} is damaged: ${cause instanceof Error ? cause.message : cause}.`, cause);
  }
};

/** A block by its number, or `undefined` where there is none. */
export const readBlock = (view: StorageView, number: number): Block | undefined => {
  const bytes = view.getBytes(blockRow(number));
  return bytes === undefined ? undefined : decodeBlock(bytes, number);
};
