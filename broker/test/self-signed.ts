import { generateKeyPairSync, sign } from 'node:crypto';

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8 = 0x0c;
const GENERALIZED_TIME = 0x18;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const IP_ADDRESS = 0x87;

/** Object ids in their encoding. */
const ED25519 = Uint8Array.of(0x2b, 0x65, 0x70);
const COMMON_NAME = Uint8Array.of(0x55, 4, 3);
const SUBJECT_ALT_NAME = Uint8Array.of(0x55, 0x1d, 0x11);

/** One element of DER; all that is needed here is shorter than 64 KiB. */
const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...size), body]);
};

const text = (tag: number, words: string): Buffer => der(tag, Buffer.from(words));

/** A certificate for 127.0.0.1 that its own Ed25519 key signed, and this key; both PEM. */
export const selfSigned = (): { readonly cert: string; readonly key: string } => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const algorithm = der(SEQUENCE, der(OBJECT_ID, ED25519));
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, der(OBJECT_ID, COMMON_NAME), text(UTF8, 'test'))));
  const altNames = der(SEQUENCE, der(IP_ADDRESS, Uint8Array.of(127, 0, 0, 1)));
  const extension = der(SEQUENCE, der(OBJECT_ID, SUBJECT_ALT_NAME), der(OCTET_STRING, altNames));
  const years = [text(GENERALIZED_TIME, '20200101000000Z'), text(GENERALIZED_TIME, '20991231000000Z')];
  const body = der(
    SEQUENCE,
    ...[der(VERSION, der(INTEGER, Uint8Array.of(2))), der(INTEGER, Uint8Array.of(1)), algorithm, name],
    ...[der(SEQUENCE, ...years), name, publicKey.export({ type: 'spki', format: 'der' })],
    der(EXTENSIONS, der(SEQUENCE, extension)),
  );
  const signature = der(BIT_STRING, Uint8Array.of(0), sign(null, body, privateKey));
  const base64 = der(SEQUENCE, body, algorithm, signature).toString('base64');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};
