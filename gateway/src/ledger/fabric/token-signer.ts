import { createHash, verify, X509Certificate } from 'node:crypto';
import { type HSMSignerFactory, type Signer, signers } from '@hyperledger/fabric-gateway';
import { messageOf, TapwattError } from '@tapwatt/firmware-contracts';
import type { TokenKeyPlace } from '../../keys/token-uri.ts';
import type { SignMessage } from './signing.ts';
import { Turns } from './turns.ts';

/** Signatures that may wait: more than there can be transactions and queries. */
const MAY_WAIT = 16_384;

export interface TokenKey extends Omit<TokenKeyPlace, 'pinFile'> {
  readonly pin: string;
}

interface TokenLibrary {
  readonly factory: HSMSignerFactory;
  /** A session has one operation at a time, and libraries differ in what they make of two. */
  readonly oneAtATime: Turns;
}

/** A PKCS#11 library is initialised once a process, whoever uses it. */
const libraries = new Map<string, TokenLibrary>();

/**
 * Signs with a P-256 key in a token, which it never leaves. Throws KEY_FILE with what to do, also when the key is not
 * the certificate's: peers would refuse all that it signs.
 */
export async function tokenSigner(key: TokenKey, certificate: Uint8Array): Promise<SignMessage> {
  const { factory, oneAtATime } = libraryOf(key.library);
  const signDigest = keyOf(factory, key);
  const sign: SignMessage = (message) =>
    oneAtATime.take(() => signDigest(createHash('sha256').update(message).digest()));
  const trial = Buffer.from('tapwatt');
  const { publicKey } = new X509Certificate(certificate);
  if (verify('sha256', trial, publicKey, await sign(trial))) return sign;
  throw new TapwattError('KEY_FILE', `The certificate is not that of ${nameOf(key)}.`);
}

function libraryOf(library: string): TokenLibrary {
  const known = libraries.get(library);
  if (known !== undefined) return known;
  const opened = { factory: factoryOf(library), oneAtATime: new Turns(1, MAY_WAIT) };
  libraries.set(library, opened);
  return opened;
}

/** The native module is loaded here, only where a token is used. */
function factoryOf(library: string): HSMSignerFactory {
  try {
    return signers.newHSMSignerFactory(library);
  } catch (cause) {
    const isNotCompiled = (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    const why = isNotCompiled
      ? 'pkcs11js was not compiled; npm run build:pkcs11 does it (needs a C++ compiler, make, Python)'
      : messageOf(cause);
    throw new TapwattError('KEY_FILE', `${library} cannot be used: ${why}.`, { cause });
  }
}

function keyOf(factory: HSMSignerFactory, key: TokenKey): Signer {
  const { label, pin, keyId } = key;
  try {
    return factory.newSigner({ label, pin, identifier: Buffer.from(keyId) }).signer;
  } catch (cause) {
    throw new TapwattError('KEY_FILE', `Cannot sign with ${nameOf(key)}: ${messageOf(cause)}.`, { cause });
  }
}

const nameOf = ({ label, keyId }: TokenKey): string =>
  `key ${Buffer.from(keyId).toString('hex')} of token ${label}`;
