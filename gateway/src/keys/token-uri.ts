import { isAbsolute } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';

const SCHEME = 'pkcs11:';

/** Where a private key lies in a PKCS#11 token. */
export interface TokenKeyPlace {
  /** The token's PKCS#11 library, absolute path. */
  readonly library: string;
  /** The token's label. */
  readonly label: string;
  /** CKA_ID of the key. */
  readonly keyId: Uint8Array;
  /** The file that holds the token's PIN, absolute path. */
  readonly pinFile: string;
}

/** Whether the name of a private key is that of one in a token, and not a file. */
export const isTokenUri = (name: string): boolean => name.startsWith(SCHEME);

/**
 * Reads a PKCS#11 URI (RFC 7512) such as `pkcs11:token=tapwatt;id=%01?module-path=/usr/lib/hsm.so&pin-source=/etc/tapwatt/pin`.
 * All four attributes must be there and no other may. Throws CONFIG_INVALID.
 */
export function parseTokenUri(uri: string): TokenKeyPlace {
  const [path = '', query = ''] = uri.slice(SCHEME.length).split('?');
  const inPath = attributes(uri, { text: path, separator: ';', names: ['token', 'id'] });
  const inQuery = attributes(uri, { text: query, separator: '&', names: ['module-path', 'pin-source'] });
  const pinFile = textOf(inQuery['pin-source']).replace(/^file:(\/\/)?/, '');
  const library = textOf(inQuery['module-path']);
  if (!isAbsolute(library) || !isAbsolute(pinFile)) {
    throw invalid(uri, 'module-path and pin-source must be absolute paths');
  }
  return { library, pinFile, label: textOf(inPath.token), keyId: inPath.id };
}

interface Part<N extends string> {
  readonly text: string;
  readonly separator: string;
  readonly names: readonly N[];
}

function attributes<N extends string>(
  uri: string,
  { text, separator, names }: Part<N>,
): Record<N, Uint8Array> {
  const given = text.split(separator).map((attribute) => {
    const [name = '', ...rest] = attribute.split('=');
    return [name, rest.join('=')] as const;
  });
  const isWhole = given.length === names.length && names.every((name) => given.some(([one]) => one === name));
  if (!isWhole || given.some(([, value]) => value === '')) {
    throw invalid(uri, `${names.join(' and ')} must be there, and nothing else in their place`);
  }
  const entries = given.map(([name, value]) => [name, bytesOf(value)] as const);
  return Object.fromEntries(entries) as Record<N, Uint8Array>;
}

/** Any byte may be written as `%` and two hex digits. */
function bytesOf(value: string): Uint8Array {
  const latin = value.replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(latin, 'latin1');
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

const invalid = (uri: string, why: string): TapwattError =>
  new TapwattError('CONFIG_INVALID', `${uri.split('?', 1)[0]}…: ${why}.`);
