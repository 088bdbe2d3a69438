import { type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson, publicKeyFromRaw, sha256 } from '@tapwatt/firmware-contracts';
import { z } from 'zod';
import { damagedBackup } from './damaged-backup.ts';

const DOMAIN = 'tapwatt/v1/backup';
const utf8 = new TextEncoder();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().min(0);

const manifestSchema = z.strictObject({
  format: z.literal('tapwatt-backup'),
  version: z.literal(1),
  ledgerId: z.string(),
  /** Of the ledger, raw, base64url: signs its blocks, and this. */
  publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  /** Of the rows. */
  schema: count,
  head: z.strictObject({ number: count, hash, transactions: count, stateKeys: count }),
  /** Unix seconds. */
  createdAt: count,
  rows: count,
  /** Of the compressed rows, which follow the first line of the file. */
  contentBytes: count,
  contentSha256: hash,
});
const sealedSchema = z.strictObject({ manifest: manifestSchema, signature: z.string() });

/** What a backup says of itself: whose it is, how far it goes, and what it holds. */
export type Manifest = z.infer<typeof manifestSchema>;

const digestOf = (manifest: Manifest): Uint8Array => sha256(utf8.encode(DOMAIN + canonicalJson(manifest)));

/** The manifest with the ledger key's signature, as one line of JSON. */
export function sealManifest(manifest: Manifest, ledgerKey: KeyObject): string {
  const signature = sign(null, digestOf(manifest), ledgerKey).toString('base64url');
  return canonicalJson({ manifest, signature });
}

/** Reads a manifest and checks its signature by the key that it names. Throws DATA_DAMAGED. */
export function openManifest(text: string): Manifest {
  const sealed = parse(text);
  const { manifest, signature } = sealed;
  const key = publicKeyFromRaw(manifest.publicKey);
  if (verify(null, digestOf(manifest), key, Buffer.from(signature, 'base64url'))) return manifest;
  throw damagedBackup('The backup’s signature is not that of its ledger’s key.');
}

function parse(text: string): z.infer<typeof sealedSchema> {
  try {
    return sealedSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw damagedBackup('The file is no backup of this version.', cause);
  }
}
