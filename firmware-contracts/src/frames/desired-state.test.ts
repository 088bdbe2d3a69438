import { expect, test } from 'vitest';
import { concatBytes, hmacSha256 } from '../bytes.ts';
import { meterId } from '../ids.ts';
import { epochKeys, meterRootKey } from '../keys.ts';
import {
  type DesiredState,
  decodeDesiredState,
  encodeDesiredState,
  isAuthenticDesiredState,
} from './desired-state.ts';

const keys = epochKeys(meterRootKey(new Uint8Array(32), meterId('42')), 1);
const desired: DesiredState = {
  meterId: '42',
  version: 3,
  tariff: { pricePerKwh: '650' },
  friendlyHours: [{ fromMinute: 1_080, toMinute: 480 }],
  limits: { balance: '5000000', emergencyCredit: '5000', lowCredit: '0' },
  relay: 'open',
  quarantined: true,
};
const sealText = (json: string) => {
  const bytes = new TextEncoder().encode(json);
  return concatBytes(hmacSha256(keys.cfg, bytes).subarray(0, 16), bytes);
};

test('a desired state is read as it was sealed', () => {
  for (const state of [desired, { meterId: '42', version: 1 }]) {
    const payload = encodeDesiredState(state, keys);
    expect(isAuthenticDesiredState(payload, keys)).toBe(true);
    expect(decodeDesiredState(payload)).toEqual({ ok: true, fields: state });
  }
});

test('a desired state with any one bit flipped is not authentic', () => {
  const payload = encodeDesiredState(desired, keys);
  for (let bit = 0; bit < 8 * payload.length; bit++) {
    const flipped = Uint8Array.from(payload);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(isAuthenticDesiredState(flipped, keys)).toBe(false);
  }
});

test('members that a meter does not know are left alone', () => {
  expect(decodeDesiredState(sealText('{"meterId":"42","version":1,"colour":"green"}')).ok).toBe(true);
});

test.each([
  '',
  '[]',
  '{"version":1}',
  '{"meterId":"042","version":1}',
  '{"meterId":"42","version":0}',
  '{"meterId":"42","version":1.5}',
  '{"meterId":"42","version":1,"version":2}',
  '{"meterId":"42","version":4294967296}',
  '{"meterId":"42","version":1,"relay":"closed"}',
  '{"meterId":"42","version":1,"limits":{"balance":5}}',
  '{"meterId":"42","version":1,"limits":{"balance":"-5"}}',
  '{"meterId":"42","version":1,"friendlyHours":[null]}',
  '{"meterId":"42","version":1,"friendlyHours":[{"fromMinute":0,"toMinute":1441}]}',
  '{"meterId":"42","version":1,"tariff":{}}',
  '{"meterId":"42","version":1,"quarantined":"yes"}',
])('the desired state %s is refused', (json) => {
  expect(decodeDesiredState(sealText(json)).ok).toBe(false);
});

test('one that is too long is refused, and is not sealed', () => {
  const long = sealText(`{"meterId":"42","version":1,"x":"${'x'.repeat(4_096)}"}`);
  expect(decodeDesiredState(long).ok).toBe(false);
  expect(isAuthenticDesiredState(long, keys)).toBe(false);
  expect(() => encodeDesiredState({ ...desired, version: 0 }, keys)).toThrow();
});
