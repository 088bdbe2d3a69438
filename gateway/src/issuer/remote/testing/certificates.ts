import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { TlsTexts } from '../serve-issuer.ts';

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const UTF8 = 0x0c;
const UTC_TIME = 0x17;
const ED25519 = Buffer.from('06032b6570', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const BASIC_CONSTRAINTS_CA = Buffer.from('300f0603551d130101ff040530030101ff', 'hex');
/** DNS localhost and IP 127.0.0.1. */
const SUBJECT_ALT_NAMES = Buffer.from('301a0603551d110413301182096c6f63616c686f737487047f000001', 'hex');
const NOT_BEFORE = '200101000000Z';
const NOT_AFTER = '491231235959Z';

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body]);
  const length = Buffer.of(body.length >> 8, body.length & 0xff);
  return Buffer.concat([Buffer.of(tag, 0x82), length, body]);
}

const nameOf = (commonName: string): Buffer =>
  der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8, Buffer.from(commonName)))));

const pem = (label: string, bytes: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;

interface Subject {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  readonly isAuthority: boolean;
}

/** A certificate (RFC 5280) signed with an Ed25519 key. */
function certificate(subject: Subject, issuer: { readonly name: string; readonly key: KeyObject }): string {
  const algorithm = der(SEQUENCE, ED25519);
  const version = der(0xa0, der(INTEGER, Buffer.of(2)));
  const extension = subject.isAuthority ? BASIC_CONSTRAINTS_CA : SUBJECT_ALT_NAMES;
  const toSign = der(
    SEQUENCE,
    version,
    der(INTEGER, Buffer.of(1 + (subject.commonName.length % 100))),
    algorithm,
    nameOf(issuer.name),
    der(SEQUENCE, der(UTC_TIME, Buffer.from(NOT_BEFORE)), der(UTC_TIME, Buffer.from(NOT_AFTER))),
    nameOf(subject.commonName),
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, extension)),
  );
  const signature = sign(null, toSign, issuer.key);
  return pem('CERTIFICATE', der(SEQUENCE, toSign, algorithm, der(BIT_STRING, Buffer.of(0), signature)));
}

/** A certificate authority of tests, made as it is needed: no file, no other program. */
export function certificateAuthority(name = 'Test authority') {
  const own = generateKeyPairSync('ed25519');
  const ca = certificate(
    { commonName: name, publicKey: own.publicKey, isAuthority: true },
    { name, key: own.privateKey },
  );
  return {
    ca,
    /** For a party of this name, at localhost. */
    issue(commonName: string): TlsTexts {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const cert = certificate({ commonName, publicKey, isAuthority: false }, { name, key: own.privateKey });
      return { ca, cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
    },
  };
}
