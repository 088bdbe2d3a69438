import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bytesToHex, hexToBytes, sha256 } from '../src/bytes.ts';
import { decodeFrame, isAuthenticFrame, sealFrame } from '../src/frames/frame-json.ts';
import { decodeStatus } from '../src/frames/status.ts';
import { meterId, type VoucherId } from '../src/ids.ts';
import { epochKeys, meterRootKey } from '../src/keys.ts';
import { presentVoucher } from '../src/meter/present-voucher.ts';
import { type MeterState, provisionMeter } from '../src/meter/state.ts';
import { statusOf } from '../src/meter/status-of.ts';
import { takeAcknowledgement } from '../src/meter/take-acknowledgement.ts';
import { takeTimeOrder } from '../src/meter/take-time-order.ts';
import { decodeLine, encodeLineFrame, LINE_START } from '../src/serial/line-frame.ts';
import { type FrameVector, frameVectors } from '../vectors/frame-vectors.ts';
import { type LineVector, lineVectors } from '../vectors/line-vectors.ts';
import type { SessionStep, SessionVector } from '../vectors/session.ts';
import { sessionVectors } from '../vectors/session-vectors.ts';

const load = (name: string) =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'));
const frames: FrameVector[] = load('frames.json');
const sessions: SessionVector[] = load('sessions.json');
const lines: LineVector[] = load('lines.json');

test('the files are what the generator makes of this code', () => {
  expect(frames).toEqual(JSON.parse(JSON.stringify(frameVectors())));
  expect(sessions).toEqual(JSON.parse(JSON.stringify(sessionVectors())));
  expect(lines).toEqual(JSON.parse(JSON.stringify(lineVectors())));
});

test('there are enough of them, of every type, and each has its own name', () => {
  expect(frames.length).toBeGreaterThanOrEqual(60);
  expect(sessions.length).toBeGreaterThanOrEqual(20);
  for (const type of ['voucher', 'receipt', 'status', 'ack', 'time']) {
    expect(frames.some((vector) => vector.type === type && vector.refuse === undefined)).toBe(true);
    expect(frames.some((vector) => vector.type === type && vector.refuse !== undefined)).toBe(true);
  }
  expect(new Set(frames.map(({ name }) => name)).size).toBe(frames.length);
  expect(new Set(sessions.map(({ name }) => name)).size).toBe(sessions.length);
  expect(lines.length).toBeGreaterThanOrEqual(20);
  expect(new Set(lines.map(({ name }) => name)).size).toBe(lines.length);
});

describe('frames', () => {
  for (const vector of frames) {
    const { name, type, fields, refuse } = vector;
    const [frame, master] = [hexToBytes(vector.frame), hexToBytes(vector.master)];
    if (fields === undefined) {
      test(`${name} is refused`, () => {
        expect(decodeFrame(type, frame)).toEqual({ ok: false, refuse });
      });
      continue;
    }
    test(`${name} is sealed to these bytes and read from them`, () => {
      expect(bytesToHex(sealFrame(type, fields, master))).toBe(vector.frame);
      expect(decodeFrame(type, frame)).toEqual({ ok: true, fields });
      expect(isAuthenticFrame(type, frame, master)).toBe(true);
      if (type === 'voucher') expectOpenings(vector);
    });
  }
});

const expectOpenings = (vector: FrameVector): void => {
  const { meterId: id, keyEpoch, voucherId } = vector.fields ?? {};
  const root = meterRootKey(hexToBytes(vector.master), meterId(String(id)));
  for (const kind of ['fulfil', 'void', 'close'] as const) {
    const opening = epochKeys(root, Number(keyEpoch)).opening(kind, voucherId as VoucherId);
    expect(vector[kind]).toBe(bytesToHex(opening));
    expect(vector[`${kind}Hash`]).toBe(bytesToHex(sha256(opening)));
  }
};

describe('sessions', () => {
  for (const session of sessions) {
    test(session.name, () => {
      let possible = [begin(session)];
      for (const step of session.steps) {
        possible = possible.flatMap((state) => follow(state, step));
        expect(possible, JSON.stringify(step)).not.toEqual([]);
      }
    });
  }
});

describe('lines', () => {
  test.each(lines)('$name', ({ stream, frames: expected, send }) => {
    const heard = decodeLine(LINE_START, hexToBytes(stream)).frames;
    expect(heard.map(({ address, apdu }) => ({ address, apdu: bytesToHex(apdu) }))).toEqual(expected);
    if (send) expect(heard.map((frame) => bytesToHex(encodeLineFrame(frame)))).toEqual([stream]);
  });
});

const begin = ({ master, meterId: id, keyEpoch, limit, charged }: SessionVector): MeterState => {
  const root = meterRootKey(hexToBytes(master), meterId(id));
  const meter = {
    meterId: meterId(id),
    root,
    keyEpoch,
    balanceLimit: BigInt(limit),
    charged: BigInt(charged),
  };
  const whole = provisionMeter(meter);
  return keyEpoch === 0 ? { ...whole, record: undefined } : whole;
};

/** The states that a meter may be in after a step: none where its answer is not the expected one, two after a cut. */
const follow = (state: MeterState, step: SessionStep): MeterState[] => {
  if ('present' in step) {
    const { state: after, receipt } = presentVoucher(state, hexToBytes(step.present), clockOf(step));
    return bytesToHex(receipt) === step.receipt ? [after] : [];
  }
  if ('cut' in step) return [state, presentVoucher(state, hexToBytes(step.cut), clockOf(step)).state];
  if ('ack' in step) return [takeAcknowledgement(state, hexToBytes(step.ack)).state];
  if ('setTime' in step) return [takeTimeOrder(state, hexToBytes(step.setTime)).state];
  return saysStatus(state, step.status) ? [state] : [];
};

const saysStatus = (state: MeterState, expected: string): boolean => {
  const decoded = decodeStatus(hexToBytes(expected));
  return decoded.ok && bytesToHex(statusOf(state, decoded.fields)) === expected;
};

const clockOf = ({ at, clockTrust }: { readonly at: number; readonly clockTrust: number }) => ({
  now: at,
  trust: clockTrust as 0 | 1 | 2,
});
