import { expect, test } from 'vitest';
import { decodeFrame, frameTypeOf, isAuthenticFrame, isFrameType, sealFrame } from './frame-json.ts';

const master = new Uint8Array(32).fill(9);
const fields = { keyEpoch: 1, meterId: '42', receiptNo: 5, floorSeq: 6 };

test('a frame sealed from JSON is read to the same JSON and is authentic', () => {
  const frame = sealFrame('ack', fields, master);
  expect(decodeFrame('ack', frame)).toEqual({ ok: true, fields });
  expect(isAuthenticFrame('ack', frame, master)).toBe(true);
  expect(isAuthenticFrame('time', frame, master)).toBe(false);
  expect(isAuthenticFrame('ack', frame, new Uint8Array(32))).toBe(false);
});

test.each([
  ['keyEpoch', { ...fields, keyEpoch: '1' }],
  ['meterId', { ...fields, meterId: 42 }],
  ['meterId', { ...fields, meterId: '042' }],
  ['receiptNo', { keyEpoch: 1, meterId: '42', floorSeq: 6 }],
  ['colour', { ...fields, colour: 1 }],
  ['floorSeq', { ...fields, floorSeq: 1.5 }],
])('a wrong %s is named', (name, json) => {
  expect(() => sealFrame('ack', json as never, master)).toThrow(new RegExp(name));
});

test('the length tells the type where only one has it', () => {
  expect(frameTypeOf(new Uint8Array(72))).toBe('voucher');
  expect(frameTypeOf(new Uint8Array(128))).toBe('receipt');
  expect(frameTypeOf(new Uint8Array(64))).toBe('status');
  expect(frameTypeOf(new Uint8Array(28))).toBeUndefined();
  expect(frameTypeOf(new Uint8Array(0))).toBeUndefined();
  expect(isFrameType('ack')).toBe(true);
  expect(isFrameType('toString')).toBe(false);
});
