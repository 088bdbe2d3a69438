import { describe, expect, it } from 'vitest';
import { momentOf } from './moment.ts';
import { measured } from './testing/measured.ts';

const NOW_MS = 1_800_000_000_250;
const limits = { maxAheadMs: 300_000, maxAgeMs: 86_400_000 };
const told = measured({ atMs: NOW_MS - 60_000, receivedAtMs: NOW_MS, energyWh: 5, powerW: 1 });
const secondOf = (atUs = 0): number => Math.floor(atUs / 1_000_000);

describe('the moment of a reading', () => {
  it('is the meter’s where its clock is trusted, however late it comes', () => {
    const late = momentOf({ ...told, receivedAtMs: NOW_MS + 3_600_000 }, limits);
    expect(late?.timeOf).toBe('meter');
    expect(secondOf(late?.atUs)).toBe(told.meterTimeS);
  });

  it('is the gateway’s to the millisecond where nobody trusts the clock, or there is none', () => {
    for (const untrusted of [{ ...told, clockTrust: 0 as const }, withoutTime(told)]) {
      const found = momentOf(untrusted, limits);
      expect(found?.timeOf).toBe('gateway');
      expect(Math.floor((found?.atUs ?? 0) / 1_000)).toBe(NOW_MS);
    }
  });

  it('is the gateway’s for what claims to come from the future, but for a clock that is a little ahead', () => {
    const inS = (seconds: number) => momentOf({ ...told, meterTimeS: 1_800_000_000 + seconds }, limits);
    expect(inS(299)?.timeOf).toBe('meter');
    expect(inS(3_600)?.timeOf).toBe('gateway');
  });

  it('is none for what is older than what is kept', () => {
    expect(momentOf({ ...told, meterTimeS: 1_800_000_000 - 86_401 }, limits)).toBeUndefined();
  });

  it('is the same for a reading that the meter kept, however often it sends it', () => {
    const again = momentOf({ ...told, receivedAtMs: NOW_MS + 5_000 }, limits);
    expect(again?.atUs).toBe(momentOf(told, limits)?.atUs);
  });

  it('is another for every other reading of that second', () => {
    const moments = upTo(200).map((energyWh) => momentOf({ ...told, energyWh }, limits)?.atUs);
    expect(new Set(moments).size).toBe(200);
    expect(new Set(moments.map(secondOf))).toEqual(new Set([told.meterTimeS]));
  });

  it('follows the order in which fresh readings of one second came, also of a clock that is a little off', () => {
    for (const offMs of [-4_000, 0, 3_000]) {
      const cameMs = (told.meterTimeS ?? 0) * 1_000 + offMs;
      const moments = upTo(20).map(
        (index) =>
          momentOf({ ...told, balance: BigInt(-index * 7), receivedAtMs: cameMs + 50 * index }, limits)?.atUs,
      );
      expect(moments).toEqual(moments.toSorted());
      expect(new Set(moments.map(secondOf))).toEqual(new Set([told.meterTimeS]));
    }
  });
});

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

function withoutTime({ meterTimeS: _, ...rest }: typeof told) {
  return rest;
}
