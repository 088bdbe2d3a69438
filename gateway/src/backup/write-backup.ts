import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createZstdCompress } from 'node:zlib';
import { rawPublicKey } from '@tapwatt/firmware-contracts';
import type { LedgerDump } from '../ledger/embedded/index.ts';
import { END_MARK, FIRST_LINE } from './layout.ts';
import { type Manifest, sealManifest } from './manifest.ts';
import { encodeRows } from './row-codec.ts';

/** The bytes of a backup, signed by the ledger's key; reading them slowly holds nothing but the dump. Closes the dump. */
export async function* backupBytes(
  dump: LedgerDump,
  { ledgerKey, createdAt }: { readonly ledgerKey: KeyObject; readonly createdAt: number },
): AsyncIterable<Uint8Array> {
  const digest = createHash('sha256');
  let [rows, contentBytes] = [0, 0];
  try {
    yield FIRST_LINE;
    const source = Readable.from(
      encodeRows(dump.rows(), () => (rows += 1)),
      { objectMode: false },
    );
    const packed = createZstdCompress();
    // A failure on either side reaches the loop below through `packed`.
    pipeline(source, packed, () => undefined);
    for await (const chunk of packed as AsyncIterable<Uint8Array>) {
      digest.update(chunk);
      contentBytes += chunk.length;
      yield chunk;
    }
    const { ledgerId, schema } = dump.meta;
    const publicKey = rawPublicKey(createPublicKey(ledgerKey));
    const { number, hash, transactions, stateKeys } = dump.head;
    const manifest: Manifest = {
      ...{ format: 'tapwatt-backup', version: 1, ledgerId, publicKey, schema, createdAt, rows },
      head: { number, hash, transactions, stateKeys },
      ...{ contentBytes, contentSha256: digest.digest('hex') },
    };
    yield tailOf(sealManifest(manifest, ledgerKey));
  } finally {
    dump.close();
  }
}

function tailOf(sealed: string): Uint8Array {
  const text = Buffer.from(sealed);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([text, length, END_MARK]);
}
