import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { lowSDer } from './low-s.ts';

const HALF = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n >> 1n;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** The s of a DER signature. */
const sOf = (der: Uint8Array): bigint => {
  const r = der[3] ?? 0;
  return BigInt(`0x${Buffer.from(der.subarray(6 + r)).toString('hex')}`);
};

describe('a signature for Fabric', () => {
  it('verifies, and has the lower of its two s', () => {
    for (let count = 0; count < 300; count += 1) {
      const message = Buffer.from(`message ${count}`);
      const der = lowSDer(sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }));
      expect(verify('sha256', message, createPublicKey(privateKey), der)).toBe(true);
      expect(sOf(der) <= HALF).toBe(true);
    }
  });

  it('writes small and large scalars as DER does', () => {
    const compact = new Uint8Array(64);
    compact[31] = 0x80;
    compact[63] = 1;
    expect([...lowSDer(compact)]).toEqual([0x30, 7, 2, 2, 0, 0x80, 2, 1, 1]);
  });
});
