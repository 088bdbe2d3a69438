import { describe, expect, it } from 'vitest';
import { readEvent, readTele } from './read-payload.ts';

const arrival = { meterId: '7', link: 'mqtt', receivedAtMs: 1_800_000_000_123 } as const;
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const told = {
  at: 1_800_000_000,
  clockTrust: 2,
  energyWh: 123_456,
  powerW: 640,
  balance: '-1250',
  relay: 'closed',
};

describe('a reading', () => {
  it('is taken with both times, its optional members only where they are told', () => {
    expect(readTele(bytes(told), arrival)).toEqual({
      ...arrival,
      source: 'tele',
      meterTimeS: 1_800_000_000,
      clockTrust: 2,
      energyWh: 123_456,
      powerW: 640,
      balance: -1_250n,
      relay: 'closed',
    });
    const more = { voltageMv: 230_000, currentMa: -2_783, signalDbm: -71 };
    expect(readTele(bytes({ ...told, ...more, firmware: 'x' }), arrival)).toMatchObject(more);
  });

  it.each([
    ['at', -1],
    ['at', 2 ** 32],
    ['at', '1800000000'],
    ['clockTrust', 3],
    ['clockTrust', undefined],
    ['energyWh', 2 ** 53],
    ['energyWh', -1],
    ['energyWh', 1.5],
    ['energyWh', '123'],
    ['powerW', 1e10],
    ['powerW', null],
    ['voltageMv', -1],
    ['voltageMv', []],
    ['currentMa', 1e300],
    ['signalDbm', 'strong'],
    ['balance', 1250],
    ['balance', '12.50'],
    ['balance', '007'],
    ['balance', '-0'],
    ['balance', '9007199254740992'],
    ['relay', 'ajar'],
    ['relay', undefined],
  ])('with %s = %j is refused as a whole', (name, value) => {
    expect(readTele(bytes({ ...told, [name]: value }), arrival)).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"at":'],
    ['no object', '[1]'],
    ['a member twice', `{"at":1,"at":2,"clockTrust":0,"energyWh":0,"powerW":0,"balance":"0","relay":"open"}`],
    ['too much', JSON.stringify({ ...told, detail: 'x'.repeat(5_000) })],
  ])('is refused where it is %s', (_, text) => {
    expect(readTele(new TextEncoder().encode(text), arrival)).toBeUndefined();
  });

  it('takes the ends of the ranges', () => {
    const ends = { energyWh: Number.MAX_SAFE_INTEGER, balance: '-9007199254740991' };
    expect(readTele(bytes({ ...told, ...ends }), arrival)).toMatchObject({
      energyWh: Number.MAX_SAFE_INTEGER,
      balance: -9_007_199_254_740_991n,
    });
  });
});

describe('an event', () => {
  it('tells of tamper and relay, by a clock that is not trusted', () => {
    expect(readEvent(bytes({ at: 5, kind: 'tamper' }), arrival)).toEqual({
      ...arrival,
      source: 'event',
      meterTimeS: 5,
      clockTrust: 0,
      event: 'tamper',
      tamper: true,
    });
    expect(readEvent(bytes({ at: 5, kind: 'relay', detail: 'open' }), arrival)).toMatchObject({
      relay: 'open',
    });
    expect(readEvent(bytes({ at: 5, kind: 'power', detail: 'on' }), arrival)).not.toHaveProperty('relay');
  });

  it('of a kind or a time that the contract does not know is none', () => {
    expect(readEvent(bytes({ at: 5, kind: 'party' }), arrival)).toBeUndefined();
    expect(readEvent(bytes({ at: -5, kind: 'relay' }), arrival)).toBeUndefined();
    expect(readEvent(bytes('relay'), arrival)).toBeUndefined();
  });
});
