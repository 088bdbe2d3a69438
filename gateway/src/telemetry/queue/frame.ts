import { crc32 } from 'node:zlib';
import type { Reading } from '../reading.ts';
import { decodeReading, encodeReading } from '../reading-codec.ts';

/** Length and CRC-32 of what follows, 32 bits each. */
const HEAD_BYTES = 8;

/** Readings of one write: either all of them are found again, or none. */
export function encodeFrame(readings: readonly Reading[]): Uint8Array {
  const body = Buffer.from(readings.map(encodeReading).join('\n'), 'utf8');
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(body.length, 0);
  head.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([head, body]);
}

export interface DecodedFrames {
  readonly readings: readonly Reading[];
  /** Bytes up to the first damage; fewer than there are where a write was torn. */
  readonly wholeBytes: number;
}

/** The readings of a file up to its end, or to the first frame that is not whole. */
export function decodeFrames(bytes: Uint8Array): DecodedFrames {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const readings: Reading[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= file.length) {
    const end = at + HEAD_BYTES + file.readUInt32BE(at);
    const body = file.subarray(at + HEAD_BYTES, end);
    if (end > file.length || crc32(body) !== file.readUInt32BE(at + 4)) break;
    // One of another version's format is left out, and missed in the count of its file.
    for (const line of body.toString('utf8').split('\n')) {
      const reading = decodeReading(line);
      if (reading !== undefined) readings.push(reading);
    }
    at = end;
  }
  return { readings, wholeBytes: at };
}
