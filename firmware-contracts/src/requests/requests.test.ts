import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { bytesToBase64Url, sha256 } from '../bytes.ts';
import { parseRequest, RECEIPTS_MAX, signRequest } from './handset-request.ts';
import { isSignedBy, JWS_LENGTH_MAX } from './jws.ts';
import { parseOrder, signOrder } from './order.ts';
import { publicKeyFromRaw, rawPublicKey } from './public-key.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = { kid: 'handset-1', privateKey };
const base = { aud: 'ledger-1', requestId: 'r_1-A', at: 1_790_000_000 };
const issue = { ...base, op: 'issue', walletId: 'w1', meterId: '42', amount: '10000', deliver: true };

const encode = (text: string) => bytesToBase64Url(new TextEncoder().encode(text));
const signText = (header: string, payload: string) => {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${bytesToBase64Url(sign(null, new TextEncoder().encode(input), privateKey))}`;
};
const HEADER = '{"alg":"EdDSA","kid":"handset-1"}';
const refused = (jws: string, naming: string | RegExp = '') =>
  expect(() => parseRequest(jws)).toThrow(
    expect.objectContaining({ code: 'BAD_REQUEST', message: expect.stringMatching(naming) }),
  );

test.each([
  ['issue', issue],
  ['issue with a date', { ...issue, expiresAt: 1_790_086_400, deliver: false }],
  ['redeem', { ...base, op: 'redeem', voucher: 'ab'.repeat(72) }],
  ['cancel of a voucher', { ...base, op: 'cancel', voucherId: 'ab'.repeat(16) }],
  ['cancel of a request', { ...base, op: 'cancel', of: 'r0' }],
  ['receipts', { ...base, op: 'receipts', receipts: Array(RECEIPTS_MAX).fill('cd'.repeat(128)) }],
  ['balance', { ...base, op: 'balance', walletId: 'w1' }],
  ['query', { ...base, op: 'query', of: 'r0' }],
])('%s is read as it was signed', (_, payload) => {
  const jws = signRequest(payload, signer);
  const parsed = parseRequest(jws);
  expect(parsed.payload).toEqual(payload);
  expect(parsed.kid).toBe('handset-1');
  expect(parsed.payloadHash).toEqual(sha256(parsed.payloadBytes));
  expect(isSignedBy(parsed, publicKey)).toBe(true);
  expect(isSignedBy(parsed, publicKeyFromRaw(rawPublicKey(privateKey)))).toBe(true);
});

test('a signature of another key, or over other bytes, does not verify', () => {
  const parsed = parseRequest(signRequest(issue, signer));
  expect(isSignedBy(parsed, generateKeyPairSync('ed25519').publicKey)).toBe(false);
  expect(isSignedBy(parsed, generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)).toBe(false);
  const [header = '', , signature = ''] = signRequest(issue, signer).split('.');
  const other = parseRequest(
    `${header}.${encode(JSON.stringify({ ...issue, amount: '10001' }))}.${signature}`,
  );
  expect(isSignedBy(other, publicKey)).toBe(false);
});

test.each([
  ['alg', '{"alg":"none","kid":"handset-1"}'],
  ['alg', '{"alg":"HS256","kid":"handset-1"}'],
  ['alg', '{"kid":"handset-1"}'],
  ['kid', '{"alg":"EdDSA"}'],
  ['kid', '{"alg":"EdDSA","kid":"a b"}'],
  ['kid', '{"alg":"EdDSA","kid":7}'],
  ['typ', '{"alg":"EdDSA","kid":"handset-1","typ":"JWT"}'],
  ['crit', '{"alg":"EdDSA","kid":"handset-1","crit":[]}'],
  ['duplicate', '{"alg":"none","kid":"handset-1","alg":"EdDSA"}'],
  ['object', '[]'],
  ['JSON', '{"alg":"EdDSA","kid":"handset-1",}'],
])('a header with a wrong %s is refused', (naming, header) => {
  refused(signText(header, JSON.stringify(issue)), naming);
});

const payloadWith = (change: object) => signRequest({ ...issue, ...change }, signer);

test.each<[string, object]>([
  ['aud', { aud: undefined }],
  ['requestId', { requestId: '' }],
  ['requestId', { requestId: 'x'.repeat(65) }],
  ['requestId', { requestId: 'a/b' }],
  ['requestId', { requestId: 7 }],
  ['at', { at: '1790000000' }],
  ['at', { at: -1 }],
  ['op', { op: 'mint' }],
  ['op', { op: 'toString' }],
  ['op', { op: undefined }],
  ['walletId', { walletId: 'w 1' }],
  ['meterId', { meterId: '042' }],
  ['meterId', { meterId: 42 }],
  ['amount', { amount: '0' }],
  ['amount', { amount: '010' }],
  ['amount', { amount: '1.5' }],
  ['amount', { amount: '-5' }],
  ['amount', { amount: '+5' }],
  ['amount', { amount: ' 5' }],
  ['amount', { amount: 5 }],
  ['amount', { amount: '9007199254740992' }],
  ['amount', { amount: '99999999999999999999' }],
  ['expiresAt', { expiresAt: 4_294_967_296 }],
  ['expiresAt', { expiresAt: null }],
  ['deliver', { deliver: 'true' }],
  ['deliver', { deliver: undefined }],
  ['tip', { tip: '1' }],
])('a payload with a wrong %s is refused by name', (name, change) => {
  refused(payloadWith(change), new RegExp(name));
});

test.each<[string, object]>([
  ['voucher', { op: 'redeem', voucher: 'AB'.repeat(72) }],
  ['voucher', { op: 'redeem', voucher: 'ab'.repeat(71) }],
  ['voucher', { op: 'redeem' }],
  ['voucherId', { op: 'cancel' }],
  ['voucherId', { op: 'cancel', voucherId: 'ab'.repeat(16), of: 'r0' }],
  ['of', { op: 'cancel', of: '' }],
  ['receipts', { op: 'receipts', receipts: [] }],
  ['receipts', { op: 'receipts', receipts: Array(RECEIPTS_MAX + 1).fill('cd'.repeat(128)) }],
  ['receipts', { op: 'receipts', receipts: 'cd'.repeat(128) }],
  [String.raw`receipts\[1\]`, { op: 'receipts', receipts: ['cd'.repeat(128), 'cd'] }],
])('an operation with a wrong %s is refused by name', (name, more) => {
  refused(signRequest({ ...base, ...more }, signer), new RegExp(name));
});

test.each([
  ['duplicate', '{"aud":"l","requestId":"a","requestId":"b","op":"query","at":1,"of":"x"}'],
  ['duplicate', '{"aud":"l","requestId":"a","op":"query","at":1,"of":"x","o\\u0066":"y"}'],
  ['integer', '{"aud":"l","requestId":"a","op":"query","at":1e3,"of":"x"}'],
  ['integer', '{"aud":"l","requestId":"a","op":"query","at":1.0,"of":"x"}'],
  ['integer', '{"aud":"l","requestId":"a","op":"query","at":-0,"of":"x"}'],
  ['integer', '{"aud":"l","requestId":"a","op":"query","at":9007199254740993,"of":"x"}'],
  ['surrogate', '{"aud":"l","requestId":"a","op":"query","at":1,"of":"\\ud800"}'],
  ['JSON', '\ufeff{"aud":"l","requestId":"a","op":"query","at":1,"of":"x"}'],
  ['JSON', ''],
  ['object', 'null'],
  ['__proto__', '{"aud":"l","requestId":"a","op":"query","at":1,"of":"x","__proto__":{}}'],
  ['deeper', `{"a":${'['.repeat(16)}${']'.repeat(16)}}`],
])('JSON that readers could take differently is refused: %s', (naming, payload) => {
  refused(signText(HEADER, payload), naming);
});

test('bytes that are not UTF-8 are refused', () => {
  const [header = '', , signature = ''] = signRequest(issue, signer).split('.');
  refused(`${header}.${bytesToBase64Url(Uint8Array.of(0x7b, 0xff, 0x7d))}.${signature}`, 'UTF-8');
});

test('the same key in two objects is no duplicate', () => {
  const order = { ...base, op: 'Genesis', request: { parties: [{ id: 'a' }, { id: 'b' }], id: 'a:{"id"' } };
  expect(parseOrder(signOrder(order, signer)).payload).toEqual(order);
});

test('a text that looks like a key is none', () => {
  const order = { ...base, op: 'Genesis', request: { a: '"a":', b: ['a', 'a'], c: '\\' } };
  expect(parseOrder(signOrder(order, signer)).payload).toEqual(order);
});

test('the compact form is three parts of strict base64url', () => {
  const jws = signRequest(issue, signer);
  const [header, payload, signature = ''] = jws.split('.');
  refused(`${header}.${payload}`, 'three');
  refused(`${jws}.`, 'three');
  refused(`${header}.${payload}.`, 'signature');
  refused(`${header}.${payload}.${signature}==`, 'signature');
  refused(`${header}.${payload}.${signature.slice(0, -2)}`, 'signature');
  refused(`${header}=.${payload}.${signature}`, 'header');
  refused(` ${jws}`, 'header');
  refused('', 'three');
  // 64 bytes leave four unused bits in the last character: any other character with the same upper bits is stray.
  const last = signature.slice(-1);
  const stray = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  refused(`${header}.${payload}.${signature.slice(0, -1)}${stray[stray.indexOf(last) + 1]}`, 'signature');
});

test('a request that is too long is refused before it is looked at', () => {
  refused('x'.repeat(JWS_LENGTH_MAX + 1), 'longer');
});

test('an order and a request never pass for one another', () => {
  const order = { ...base, op: 'OpenWallet', request: { walletId: 'w1', agentId: 'a1' } };
  const parsed = parseOrder(signOrder(order, signer));
  expect(parsed.payload).toEqual(order);
  expect(isSignedBy(parsed, publicKey)).toBe(true);
  refused(signOrder(order, signer), 'op');
  expect(() => parseOrder(signRequest(issue, signer))).toThrow(/request/);
  expect(() => parseOrder(signOrder({ ...order, op: 'issue' }, signer))).toThrow(/op/);
  expect(() => parseOrder(signOrder({ ...order, more: 1 }, signer))).toThrow(/more/);
  expect(() => parseOrder(signOrder({ ...order, request: [] }, signer))).toThrow(/request/);
});

test('a public key is 32 bytes of Ed25519', () => {
  expect(() => publicKeyFromRaw('AAAA')).toThrow(/32 bytes/);
  expect(() => rawPublicKey(generateKeyPairSync('x25519').publicKey)).toThrow(/Ed25519/);
  expect(rawPublicKey(publicKeyFromRaw(rawPublicKey(publicKey)))).toBe(rawPublicKey(publicKey));
});
