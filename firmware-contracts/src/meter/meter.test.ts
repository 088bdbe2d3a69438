import { expect, test } from 'vitest';
import { bytesToHex } from '../bytes.ts';
import { encodeAcknowledgement } from '../frames/acknowledgement.ts';
import { type DesiredState, encodeDesiredState } from '../frames/desired-state.ts';
import { decodeReceipt } from '../frames/receipt.ts';
import { decodeStatus } from '../frames/status.ts';
import { encodeTimeOrder } from '../frames/time-order.ts';
import { meterId } from '../ids.ts';
import { STATE_BIT } from '../results.ts';
import { CLOCK, keysOf, METER, NOW, newMeter, seal, voucher } from './meter.fixture.ts';
import { presentVoucher } from './present-voucher.ts';
import { receiptFromRing, unacknowledgedReceipts } from './ring.ts';
import type { MeterState } from './state.ts';
import { statusOf } from './status-of.ts';
import { takeAcknowledgement } from './take-acknowledgement.ts';
import { takeDesiredState } from './take-desired-state.ts';
import { takeTimeOrder } from './take-time-order.ts';

const afterCredits = (count: number): MeterState => {
  let state = newMeter();
  for (let seq = 1; seq <= count; seq++) state = presentVoucher(state, seal(voucher(1, seq)), CLOCK).state;
  return state;
};
const locked: MeterState = { ...newMeter(), record: undefined };
const ack = (receiptNo: number, floorSeq: number, { keyEpoch = 1, meter = METER } = {}) =>
  encodeAcknowledgement({ keyEpoch, meterId: meter, receiptNo, floorSeq }, keysOf(keyEpoch));
const numbers = (receipts: readonly Uint8Array[]) =>
  receipts.map((receipt) => {
    const decoded = decodeReceipt(receipt);
    return decoded.ok ? decoded.fields.receiptNo : undefined;
  });

test('the ring holds the last eight receipts and gives them by number', () => {
  const state = afterCredits(10);
  expect(numbers(unacknowledgedReceipts(state))).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
  expect(receiptFromRing(state, 2)).toBeUndefined();
  expect(numbers([receiptFromRing(state, 3) ?? new Uint8Array()])).toEqual([3]);
  expect(receiptFromRing(locked, 1)).toBeUndefined();
  expect(unacknowledgedReceipts(locked)).toEqual([]);
});

test('an acknowledgement below the newest number brings the rest out again', () => {
  const taken = takeAcknowledgement(afterCredits(5), ack(3, 4));
  expect(taken.accepted).toBe(true);
  expect(numbers(taken.republish)).toEqual([4, 5]);
  expect(takeAcknowledgement(taken.state, ack(5, 6)).republish).toEqual([]);
});

test('an old acknowledgement is accepted, changes nothing, and is no reason to store', () => {
  const { state } = takeAcknowledgement(afterCredits(5), ack(4, 5));
  const again = takeAcknowledgement(state, ack(2, 3));
  expect(again.accepted).toBe(true);
  expect(again.state).toBe(state);
  expect(numbers(again.republish)).toEqual([5]);
});

test('a number above the newest counts as the newest', () => {
  const { state, republish } = takeAcknowledgement(afterCredits(2), ack(77, 3));
  expect(state.record?.ackedReceiptNo).toBe(2);
  expect(republish).toEqual([]);
});

test('an acknowledgement says why it was left alone', () => {
  const state = afterCredits(1);
  expect(takeAcknowledgement(state, ack(1, 2).subarray(1)).ignored).toBe('BAD_FORMAT');
  expect(takeAcknowledgement(state, ack(1, 2, { keyEpoch: 2 })).ignored).toBe('BAD_MAC');
  expect(takeAcknowledgement(state, ack(1, 2, { meter: meterId('43') })).ignored).toBe('BAD_MAC');
  expect(takeAcknowledgement(locked, ack(1, 2)).ignored).toBe('BAD_MAC');
  const broken = ack(1, 2);
  broken[16] = 9;
  const taken = takeAcknowledgement(state, broken);
  expect(taken).toEqual({ state, accepted: false, ignored: 'BAD_MAC', republish: [] });
});

const timeOrder = (timeNo: number, time: number, keyEpoch = 1) =>
  encodeTimeOrder({ keyEpoch, meterId: METER, timeNo, time }, keysOf(keyEpoch));

test('a time order is taken once, by its number, and may set the time back', () => {
  const first = takeTimeOrder(newMeter(), timeOrder(5, NOW));
  expect(first).toMatchObject({ accepted: true, time: NOW });
  expect(takeTimeOrder(first.state, timeOrder(5, NOW + 9))).toMatchObject({
    accepted: false,
    ignored: 'STALE',
  });
  expect(takeTimeOrder(first.state, timeOrder(6, NOW - 100))).toMatchObject({
    accepted: true,
    time: NOW - 100,
  });
});

test('a time order for another epoch, with a wrong MAC or to a locked meter is left alone', () => {
  expect(takeTimeOrder(newMeter(), timeOrder(1, NOW, 2)).ignored).toBe('BAD_MAC');
  expect(takeTimeOrder(locked, timeOrder(1, NOW)).ignored).toBe('BAD_MAC');
  expect(takeTimeOrder(newMeter(), new Uint8Array(28)).ignored).toBe('BAD_FORMAT');
  const broken = timeOrder(1, NOW);
  broken[19] = (broken[19] ?? 0) ^ 1;
  expect(takeTimeOrder(newMeter(), broken).ignored).toBe('BAD_MAC');
  expect(takeTimeOrder(newMeter(), ack(1, 1)).ignored).toBe('BAD_MAC');
});

const desiredState = (desired: Partial<DesiredState>, keyEpoch = 1) =>
  encodeDesiredState({ meterId: '42', version: 1, ...desired }, keysOf(keyEpoch));

test('a desired state is taken once, by its version, and may change the limit', () => {
  const first = takeDesiredState(newMeter(), desiredState({ version: 4, limits: { balance: '777' } }));
  expect(first.accepted).toBe(true);
  expect(first.state.record).toMatchObject({ cfgVersion: 4, balanceLimit: 777n });
  expect(takeDesiredState(first.state, desiredState({ version: 4 })).ignored).toBe('STALE');
  const next = takeDesiredState(first.state, desiredState({ version: 5, relay: 'open' }));
  expect(next.desired).toEqual({ meterId: '42', version: 5, relay: 'open' });
  expect(next.state.record?.balanceLimit).toBe(777n);
});

test('a desired state for another meter or epoch is left alone', () => {
  expect(takeDesiredState(newMeter(), desiredState({ meterId: '43' })).ignored).toBe('BAD_FORMAT');
  expect(takeDesiredState(newMeter(), desiredState({}, 2)).ignored).toBe('BAD_MAC');
  expect(takeDesiredState(locked, desiredState({})).ignored).toBe('BAD_MAC');
});

test('the closed bit of a status comes from the record, the others from the device', () => {
  const bitsOf = (state: MeterState, stateBits: number) => {
    const decoded = decodeStatus(statusOf(state, { stateBits, meterTime: NOW }));
    return decoded.ok ? decoded.fields.stateBits : -1;
  };
  const closed = presentVoucher(newMeter(), seal(voucher(4, 0)), CLOCK).state;
  expect(bitsOf(closed, STATE_BIT.TAMPER)).toBe(STATE_BIT.TAMPER | STATE_BIT.CLOSED);
  expect(bitsOf(newMeter(), STATE_BIT.RELAY_CLOSED | STATE_BIT.CLOSED)).toBe(STATE_BIT.RELAY_CLOSED);
});

test('a locked meter says who it is and nothing else', () => {
  const status = statusOf(locked, { stateBits: 0x7f, meterTime: NOW });
  expect(bytesToHex(status.subarray(0, 56))).toBe(`01000000000000000000002a${'00'.repeat(44)}`);
});

test('a credit that cumulativeCredited cannot hold is over the limit', () => {
  const { record, ...meter } = newMeter(2n ** 63n - 1n);
  if (record === undefined) throw new Error('locked');
  const full: MeterState = {
    ...meter,
    charged: 2n ** 64n - 50n,
    record: { ...record, cumulativeCredited: 2n ** 64n - 50n },
  };
  const { receipt, committed } = presentVoucher(full, seal(voucher(1, 1, { amount: 50n })), CLOCK);
  const decoded = decodeReceipt(receipt);
  expect(committed).toBe(false);
  expect(decoded.ok && decoded.fields.result).toBe(22);
  expect(presentVoucher(full, seal(voucher(1, 1, { amount: 49n })), CLOCK).committed).toBe(true);
});
