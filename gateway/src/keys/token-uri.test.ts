import { expect, it } from 'vitest';
import { isTokenUri, parseTokenUri } from './token-uri.ts';

const QUERY = '?module-path=/usr/lib/hsm.so&pin-source=file:/etc/tapwatt/pin';

it('reads where a key lies in a token', () => {
  expect(parseTokenUri(`pkcs11:token=the%20token;id=%01%AB${QUERY}`)).toEqual({
    library: '/usr/lib/hsm.so',
    label: 'the token',
    keyId: Buffer.from([0x01, 0xab]),
    pinFile: '/etc/tapwatt/pin',
  });
  expect(parseTokenUri('pkcs11:id=k1;token=t?pin-source=/pin&module-path=/m.so').pinFile).toBe('/pin');
  expect([isTokenUri('pkcs11:token=t'), isTokenUri('keys/pkcs11.pem')]).toEqual([true, false]);
});

it.each([
  ['an attribute that is missing', `pkcs11:token=t${QUERY}`],
  ['an attribute that is empty', `pkcs11:token=;id=1${QUERY}`],
  ['one that is there twice', `pkcs11:token=t;token=u;id=1${QUERY}`],
  ['a PIN in the open', 'pkcs11:token=t;id=1?module-path=/m.so&pin-value=1234'],
  ['a relative path', 'pkcs11:token=t;id=1?module-path=m.so&pin-source=/pin'],
])('refuses %s, and repeats no PIN', (_, uri) => {
  expect(() => parseTokenUri(uri)).toThrow(/^pkcs11:/);
  expect(() => parseTokenUri(uri)).not.toThrow(/1234/);
});
