import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto';
import { canonicalJson, TapwattError } from '@tapwatt/firmware-contracts';
import { z } from 'zod';
import { KEY_NAMES } from '../data/layout.ts';
import type { RandomBytes } from './key-material.ts';

/** Cost of one guess at the passphrase: 128 MiB and about half a second. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1 } as const;
const MAX_SCRYPT_N = 2 ** 20;
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const IV_BYTES = 12;
const MIN_PASSPHRASE_LENGTH = 12;
export const MAX_BACKUP_BYTES = 65_536;

/** The texts of key files by name, as a backup holds them (comment lines included). */
export type KeyTexts = Readonly<Partial<Record<(typeof KEY_NAMES)[number], string>>>;

const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);
const backupSchema = z.strictObject({
  format: z.literal('tapwatt-key-backup'),
  version: z.literal(1),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    N: z.number().int().min(2).max(MAX_SCRYPT_N),
    r: z.number().int().min(1).max(16),
    p: z.number().int().min(1).max(4),
    salt: base64,
  }),
  cipher: z.literal('aes-256-gcm'),
  iv: base64,
  tag: base64,
  data: base64,
});
const textsSchema = z.partialRecord(z.enum(KEY_NAMES), z.string());

/**
 * Seals key texts under a passphrase (scrypt, AES-256-GCM with the header authenticated). The result is one JSON
 * document. Throws BAD_REQUEST for a passphrase that is too short.
 */
export async function sealBackup(texts: KeyTexts, passphrase: string, random: RandomBytes): Promise<string> {
  if (passphrase.length < MIN_PASSPHRASE_LENGTH) {
    throw new TapwattError(
      'BAD_REQUEST',
      `The passphrase needs at least ${MIN_PASSPHRASE_LENGTH} characters.`,
    );
  }
  const salt = random(SALT_BYTES);
  const iv = random(IV_BYTES);
  const header = {
    format: 'tapwatt-key-backup',
    version: 1,
    kdf: { name: 'scrypt', ...SCRYPT, salt: toBase64(salt) },
    cipher: 'aes-256-gcm',
    iv: toBase64(iv),
  } as const;
  const cipher = createCipheriv('aes-256-gcm', await deriveKey(passphrase, salt, SCRYPT), iv);
  cipher.setAAD(Buffer.from(canonicalJson(header)));
  const data = Buffer.concat([cipher.update(JSON.stringify(texts), 'utf8'), cipher.final()]);
  const sealed = { ...header, tag: toBase64(cipher.getAuthTag()), data: toBase64(data) };
  return `${JSON.stringify(sealed, undefined, 2)}\n`;
}

/** Opens a backup. Throws KEY_FILE if it is no backup, damaged, or the passphrase is another one. */
export async function openBackup(document: string, passphrase: string): Promise<KeyTexts> {
  const { tag, data, ...header } = parseBackup(document);
  try {
    const key = await deriveKey(passphrase, fromBase64(header.kdf.salt), header.kdf);
    const decipher = createDecipheriv('aes-256-gcm', key, fromBase64(header.iv), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(canonicalJson(header)));
    decipher.setAuthTag(fromBase64(tag));
    const text = Buffer.concat([decipher.update(fromBase64(data)), decipher.final()]).toString('utf8');
    return textsSchema.parse(JSON.parse(text)) as KeyTexts;
  } catch (cause) {
    throw new TapwattError('KEY_FILE', 'The passphrase is wrong, or the backup is damaged.', { cause });
  }
}

function parseBackup(document: string): z.infer<typeof backupSchema> {
  try {
    return backupSchema.parse(JSON.parse(document));
  } catch (cause) {
    throw new TapwattError('KEY_FILE', 'The file is no key backup of this version.', { cause });
  }
}

function deriveKey(
  passphrase: string,
  salt: Uint8Array,
  cost: { readonly N: number; readonly r: number; readonly p: number },
): Promise<Buffer> {
  const { N, r, p } = cost;
  const options = { N, r, p, maxmem: 2 * 128 * N * r + 1_048_576 };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}
