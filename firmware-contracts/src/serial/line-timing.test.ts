import { expect, it } from 'vitest';
import { encodeCommand, encodeResponse, type InsName, meterCommand, SW } from '../apdu.ts';
import { encodeLineFrame } from './line-frame.ts';
import { isAnswerTo, lineGapMs, lineTimeMs, longestAnswer } from './line-timing.ts';

const NO_BYTES: Uint8Array = new Uint8Array(0);
const ok = (length: number): Uint8Array => encodeResponse({ data: new Uint8Array(length), sw: SW.OK });
const LENGTHS: readonly (readonly [InsName, number])[] = [
  ['SELECT', 11],
  ['GET_STATUS', 64],
  ['PUT_VOUCHER', 0],
  ['COMMIT', 128],
  ['GET_RECEIPT', 128],
  ['ACK', 0],
  ['SET_TIME', 0],
];

it.each(LENGTHS)('%s is answered with %d bytes, or with a status word that WIRE.md knows', (name, length) => {
  const command = encodeCommand(meterCommand(name, new Uint8Array(4)));
  expect(isAnswerTo(command, ok(length))).toBe(true);
  expect(isAnswerTo(command, ok(length + 1))).toBe(false);
  expect(isAnswerTo(command, encodeResponse({ data: NO_BYTES, sw: SW.WRONG_LENGTH }))).toBe(true);
  expect(isAnswerTo(command, encodeResponse({ data: Uint8Array.of(1), sw: SW.WRONG_LENGTH }))).toBe(false);
  expect(isAnswerTo(command, encodeResponse({ data: NO_BYTES, sw: 0x6f00 }))).toBe(false);
  const isCommit = name === 'COMMIT';
  expect(isAnswerTo(command, encodeResponse({ data: NO_BYTES, sw: SW.NOTHING_STAGED }))).toBe(isCommit);
  expect(isAnswerTo(command, NO_BYTES)).toBe(false);
});

it.each(LENGTHS)('no echo of %s is taken for its answer', (name) => {
  const command = encodeCommand(meterCommand(name, new Uint8Array(name === 'PUT_VOUCHER' ? 72 : 28)));
  expect(isAnswerTo(command, command)).toBe(false);
});

it('bounds the answer on the line, every byte of it escaped', () => {
  const command = encodeCommand(meterCommand('COMMIT'));
  const apdu = encodeResponse({ data: new Uint8Array(128).fill(0xc0), sw: SW.OK });
  expect(encodeLineFrame({ address: 0xc0, apdu }).length).toBeLessThanOrEqual(longestAnswer(command));
});

it('counts ten bits for a byte, and a gap of three and a half characters', () => {
  expect(lineTimeMs(960, 9_600)).toBe(1_000);
  expect(lineGapMs(300)).toBe(117);
  expect(lineGapMs(9_600)).toBe(4);
  expect(lineGapMs(115_200)).toBe(2);
});
