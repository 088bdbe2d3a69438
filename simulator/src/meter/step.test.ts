import {
  decodeReceipt,
  decodeStatus,
  isAuthenticReceipt,
  isAuthenticStatus,
  meterId,
  meterRootKey,
  RESULT,
  STATE_BIT,
} from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import { MASTER } from '../../test/fleet-of.ts';
import { issuerFor } from '../../test/vouchers.ts';
import { MemoryNvm } from '../nvm/memory-nvm.ts';
import { METER_NVM_WORDS, MeterMemory } from '../nvm/meter-memory.ts';
import { settingsFrom } from './desired.ts';
import { balanceOf, type DeviceState, storedRecordOf } from './device-state.ts';
import type { DeviceEffect } from './effects.ts';
import { powerOn, provisionMemory } from './power-on.ts';
import { FACTORY_SETTINGS } from './settings.ts';
import { type DeviceInput, step } from './step.ts';

const METER = '1000000001';
const identity = { meterId: meterId(METER), root: meterRootKey(MASTER, meterId(METER)) };
const issuer = issuerFor(METER);
const NOW_S = 1_700_000_000;
const HOUR_MS = 3_600_000;

const freshMeter = (): DeviceState => {
  const storage = new MemoryNvm(METER_NVM_WORDS);
  provisionMemory(storage, { ...identity, keyEpoch: 1, balanceLimit: 1_000_000n });
  return powerOn(identity, new MeterMemory(storage), { nowS: NOW_S });
};

const run = (
  state: DeviceState,
  ...inputs: readonly DeviceInput[]
): { state: DeviceState; effects: DeviceEffect[] } =>
  inputs.reduce<{ state: DeviceState; effects: DeviceEffect[] }>(
    (sofar, input) => {
      const next = step(sofar.state, input, NOW_S);
      return { state: next.state, effects: [...sofar.effects, ...next.effects] };
    },
    { state, effects: [] },
  );

const frame = (channel: 'vch' | 'ack' | 'time' | 'cfg', payload: Uint8Array): DeviceInput => ({
  type: 'frame',
  channel,
  payload,
});
const shapes = (effects: readonly DeviceEffect[]): string[] =>
  effects.map((effect) => (effect.type === 'publish' ? `publish ${effect.channel}` : effect.type));
const said = (effects: readonly DeviceEffect[], channel: string): Uint8Array[] =>
  effects.flatMap((effect) =>
    effect.type === 'publish' && effect.channel === channel ? [effect.payload] : [],
  );
const statusOf = (payload: Uint8Array | undefined) => {
  const decoded = decodeStatus(payload ?? new Uint8Array());
  if (!decoded.ok) throw new Error('no status');
  return decoded.fields;
};
const receiptOf = (payload: Uint8Array | undefined) => {
  const decoded = decodeReceipt(payload ?? new Uint8Array());
  if (!decoded.ok) throw new Error('no receipt');
  return decoded.fields;
};
const texts = (effects: readonly DeviceEffect[], channel: string): Record<string, unknown>[] =>
  said(effects, channel).map((payload) => JSON.parse(new TextDecoder().decode(payload)));

describe('a meter', () => {
  it('says its status when it connects, and that power came', () => {
    const { effects } = run(freshMeter(), { type: 'link-up' });
    expect(shapes(effects)).toEqual(['publish status', 'publish evt']);
    const [status] = said(effects, 'status');
    expect(isAuthenticStatus(status ?? new Uint8Array(), issuer.keys)).toBe(true);
    expect(texts(effects, 'evt')).toEqual([{ at: NOW_S, kind: 'power', detail: 'on' }]);
  });

  it('commits a credit before it moves the relay, and says the receipt only then', () => {
    let { state } = run(freshMeter(), { type: 'link-up' });
    ({ state } = run(state, { type: 'consumed', powerW: 1_000, elapsedMs: HOUR_MS }));
    expect(state.relayClosed).toBe(false);
    const credited = run(state, frame('vch', issuer.voucher(1, 10_000n)));
    expect(shapes(credited.effects)).toEqual([
      'commit-record',
      'relay',
      'publish rcpt',
      'publish status',
      'publish evt',
    ]);
    const [receipt] = said(credited.effects, 'rcpt');
    expect(isAuthenticReceipt(receipt ?? new Uint8Array(), issuer.keys)).toBe(true);
    expect(receiptOf(receipt)).toMatchObject({ result: RESULT.APPLIED, credited: 10_000n });
    expect(balanceOf(credited.state)).toBe(10_000n - 650n);
    expect(credited.state.relayClosed).toBe(true);
  });

  it('credits a voucher shown a thousand times once, and answers every time', () => {
    let { state } = run(freshMeter(), frame('vch', issuer.voucher(1)));
    for (let i = 0; i < 1_000; i++) {
      const again = run(state, frame('vch', issuer.voucher(1)));
      expect(shapes(again.effects)).toEqual(['publish rcpt']);
      expect(receiptOf(said(again.effects, 'rcpt')[0]).result).toBe(RESULT.ALREADY_APPLIED);
      state = again.state;
    }
    expect(balanceOf(state)).toBe(1_000n);
  });

  it('runs its credit down to emergency credit and then disconnects, telling each step', () => {
    let { state } = run(freshMeter(), { type: 'link-up' }, frame('vch', issuer.voucher(1, 2_500n)));
    const use = (wh: number) => {
      const next = run(state, { type: 'consumed', powerW: wh, elapsedMs: HOUR_MS });
      state = next.state;
      return next.effects;
    };
    const low = use(1_000); // 650 of 2,500: 1,850 is below 2,000
    expect(statusOf(said(low, 'status')[0]).stateBits & STATE_BIT.LOW_CREDIT).toBe(STATE_BIT.LOW_CREDIT);
    expect(texts(low, 'evt')).toEqual([{ at: NOW_S, kind: 'low-credit' }]);
    const emergency = use(3_000); // -100
    expect(statusOf(said(emergency, 'status')[0])).toMatchObject({ balance: -100n });
    expect(statusOf(said(emergency, 'status')[0]).stateBits & STATE_BIT.EMERGENCY).toBe(STATE_BIT.EMERGENCY);
    expect(state.relayClosed).toBe(true);
    const off = use(1_000); // -750 is past 500 of emergency credit
    expect(shapes(off)).toEqual(['commit-charge', 'relay', 'publish status', 'publish evt']);
    expect(state.relayClosed).toBe(false);
    expect(shapes(use(5_000))).toEqual([]);
    expect(state.register.charged).toBe(3_250n);
  });

  it('charges fractions exactly, however finely it is asked', () => {
    let { state } = run(freshMeter(), frame('vch', issuer.voucher(1, 100_000n)));
    for (let i = 0; i < 3_600; i++)
      ({ state } = run(state, { type: 'consumed', powerW: 777, elapsedMs: 1_000 }));
    expect(state.register.energyWh).toBe(777n);
    expect(state.register.charged).toBe((777n * 650n) / 1_000n);
  });

  it('publishes its unacknowledged receipts again when it connects, and after an acknowledgement below the newest', () => {
    const { state } = run(
      freshMeter(),
      frame('vch', issuer.voucher(1)),
      frame('vch', issuer.voucher(2)),
      frame('vch', issuer.voucher(3)),
    );
    const numbers = (effects: readonly DeviceEffect[]): number[] =>
      said(effects, 'rcpt').map((payload) => receiptOf(payload).receiptNo);
    expect(numbers(run(state, { type: 'link-up' }).effects)).toEqual([1, 2, 3]);
    const acked = run(state, frame('ack', issuer.ack(2, 2)));
    expect(shapes(acked.effects)).toEqual(['commit-record', 'publish rcpt']);
    expect(numbers(acked.effects)).toEqual([3]);
    expect(shapes(run(acked.state, frame('ack', issuer.ack(3, 3))).effects)).toEqual(['commit-record']);
    expect(shapes(run(acked.state, frame('ack', issuerFor('1000000002').ack(3, 3))).effects)).toEqual([]);
  });

  it('opens the relay at a tamper, keeps that over a loss of power, and clears it by a voucher of kind 3', () => {
    const powered = run(freshMeter(), { type: 'link-up' }, frame('vch', issuer.voucher(1)));
    const tampered = run(powered.state, { type: 'tamper' });
    expect(shapes(tampered.effects)).toEqual([
      'commit-record',
      'relay',
      'publish evt',
      'publish status',
      'publish evt',
    ]);
    expect(storedRecordOf(tampered.state)?.tamper).toBe(true);
    expect(run(tampered.state, { type: 'tamper' }).effects).toEqual([]);
    const clear = issuer.voucher(2, 0n, { kind: 3 });
    const cleared = run(tampered.state, frame('vch', clear));
    expect(cleared.state).toMatchObject({ tamper: false, relayClosed: true });
    expect(shapes(cleared.effects).slice(0, 3)).toEqual(['commit-record', 'relay', 'publish rcpt']);
    const again = run(run(cleared.state, { type: 'tamper' }).state, frame('vch', clear));
    expect(again.state.tamper).toBe(true);
  });

  it('trusts its clock after a time order, and takes each number once', () => {
    const online = run(freshMeter(), { type: 'link-up' }, frame('vch', issuer.voucher(1)));
    const set = run(online.state, frame('time', issuer.time(1, NOW_S + 500)));
    expect(set.state.clock).toEqual({ offsetS: 500, trust: 2 });
    expect(shapes(set.effects)[0]).toBe('commit-record');
    expect(statusOf(said(set.effects, 'status')[0]).stateBits & STATE_BIT.CLOCK_UNTRUSTED).toBe(0);
    expect(run(set.state, frame('time', issuer.time(1, NOW_S))).effects).toEqual([]);
    expect(run(set.state, frame('time', issuer.time(2, NOW_S - 9))).state.clock.offsetS).toBe(-9);
  });

  it('follows a newer desired state and ignores an older one and a foreign one', () => {
    const online = run(freshMeter(), { type: 'link-up' }, frame('vch', issuer.voucher(1)));
    const set = run(
      online.state,
      frame('cfg', issuer.desired(5, { relay: 'open', quarantined: true, tariff: { pricePerKwh: '800' } })),
    );
    expect(shapes(set.effects).slice(0, 2)).toEqual(['commit-record', 'relay']);
    expect(set.state).toMatchObject({ relayClosed: false, settings: { tariffMinorPerKwh: 800n } });
    const bits = statusOf(said(set.effects, 'status')[0]).stateBits;
    expect(bits & STATE_BIT.QUARANTINED).toBe(STATE_BIT.QUARANTINED);
    expect(run(set.state, frame('cfg', issuer.desired(5, { relay: 'auto' }))).effects).toEqual([]);
    expect(run(set.state, frame('cfg', issuerFor('1000000002').desired(6))).effects).toEqual([]);
    const back = run(set.state, frame('cfg', issuer.desired(6, { relay: 'auto' })));
    expect(back.state).toMatchObject({
      relayClosed: true,
      settings: { tariffMinorPerKwh: 800n, quarantined: true },
    });
    expect(settingsFrom(FACTORY_SETTINGS, back.state.desired)).toEqual(back.state.settings);
  });

  it('stays connected without credit in friendly hours, by a clock it trusts', () => {
    const day = { friendlyHours: [{ fromMinute: 0, toMinute: 1_440 }] };
    const { state } = run(
      freshMeter(),
      frame('cfg', issuer.desired(1, day)),
      frame('vch', issuer.voucher(1, 100n)),
      { type: 'consumed', powerW: 10_000, elapsedMs: HOUR_MS },
    );
    expect(state.relayClosed).toBe(false);
    expect(run(state, frame('time', issuer.time(1, NOW_S))).state.relayClosed).toBe(true);
  });

  it('closes for good by an order of kind 4: the relay opens and nothing is charged any more', () => {
    const { state } = run(freshMeter(), { type: 'link-up' }, frame('vch', issuer.voucher(1)));
    const close = issuer.voucher(0, 0n, { kind: 4, floorSeq: 0, expiresAt: 0 });
    const closed = run(state, frame('vch', close), { type: 'consumed', powerW: 9_000, elapsedMs: HOUR_MS });
    expect(closed.state).toMatchObject({ relayClosed: false, register: { charged: 0n } });
    expect(closed.state.meter.record).toMatchObject({ closed: true, keyEpoch: 2 });
  });

  it('without a whole record is LOCKED, says so to everything and keeps the relay open', () => {
    const blank = powerOn(identity, new MeterMemory(new MemoryNvm(METER_NVM_WORDS)), { nowS: NOW_S });
    const { effects, state } = run(blank, { type: 'link-up' }, frame('vch', issuer.voucher(1)), {
      type: 'tamper',
    });
    expect(statusOf(said(effects, 'status')[0])).toMatchObject({ keyEpoch: 0, stateBits: 0 });
    expect(receiptOf(said(effects, 'rcpt')[0])).toMatchObject({ result: RESULT.LOCKED, keyEpoch: 0 });
    expect(effects.some(({ type }) => type !== 'publish')).toBe(false);
    expect(state.relayClosed).toBe(false);
  });

  it('tells a reading of integers and a money string', () => {
    const { state } = run(freshMeter(), { type: 'link-up' }, frame('vch', issuer.voucher(1)));
    expect(texts(run(state, { type: 'read', powerW: 460.4 }).effects, 'tele')).toEqual([
      {
        at: NOW_S,
        clockTrust: 0,
        energyWh: 0,
        powerW: 460,
        voltageMv: 230_000,
        currentMa: 2_000,
        balance: '1000',
        relay: 'closed',
        signalDbm: -73,
      },
    ]);
  });

  it('keeps readings while it is away, and tells them some at a time with the time at which they were measured', () => {
    const { state: away } = run(freshMeter(), { type: 'link-up' }, { type: 'link-down' });
    const measured = Array.from({ length: 1_500 }, (_, minute) => minute).reduce(
      (state, minute) => step(state, { type: 'read', powerW: minute }, NOW_S + 60 * minute).state,
      away,
    );
    const backS = NOW_S + 60 * 1_500;
    const back = step(measured, { type: 'link-up' }, backS).state;
    // Its clock was an hour slow all the time, and is set right before they leave.
    const set = step(back, frame('time', issuer.time(1, backS + 3_600)), backS).state;
    const first = step(set, { type: 'read', powerW: 5 }, backS);
    const told = texts(first.effects, 'tele');
    expect(told).toHaveLength(61);
    expect(told[0]).toMatchObject({ at: NOW_S + 60 * 60 + 3_600, clockTrust: 2 });
    expect(told[60]).toMatchObject({ at: backS + 3_600 });
    let state = first.state;
    let count = told.length;
    while (state.kept.length > 0) {
      const next = step(state, { type: 'read', powerW: 5 }, backS);
      state = next.state;
      count += texts(next.effects, 'tele').length - 1;
    }
    expect(count).toBe(1_441);
  });
});
