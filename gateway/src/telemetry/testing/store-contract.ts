import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { meterSeries } from '../meter-series.ts';
import type { Reading } from '../reading.ts';
import { DAY_MS, HOUR_MS, type ReadingStore } from '../store.ts';
import { reading } from './measured.ts';

const MINUTE_MS = 60_000;

export interface StoreUnderTest {
  readonly store: ReadingStore;
  /** Resolves when all that was appended can be asked for. */
  arrived(): Promise<void>;
}

/** What every store of readings promises, whatever it is built on. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name}: a store of readings`, () => {
    let under: StoreUnderTest;
    const fromMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - 2 * DAY_MS;
    const day = { meterId: '7', fromMs, toMs: fromMs + DAY_MS };
    beforeAll(async () => {
      under = await open();
      for (const batch of batchesOf(fromMs)) await under.store.append(batch);
      await under.arrived();
    });
    afterAll(() => under.store.close());

    it('gives each reading back as it was, once, in order of time', async () => {
      const found = await under.store.raw(day, 10_000);
      expect(found).toEqual(expected(fromMs));
      expect(await under.store.raw(day, 3)).toEqual(found.slice(0, 3));
    });

    it('gives those of the window and of the meter alone', async () => {
      const window = { ...day, fromMs: fromMs + MINUTE_MS, toMs: fromMs + 3 * MINUTE_MS };
      const found = await under.store.raw(window, 10);
      expect(found.map(({ atUs }) => atUs)).toEqual(
        [MINUTE_MS, 2 * MINUTE_MS].map((at) => (fromMs + at) * 1_000),
      );
      expect(await under.store.raw({ ...day, meterId: '70' }, 10)).toEqual([]);
    });

    it('sums hours and days, whenever their readings came', async () => {
      const hours = await under.store.sums(day, 'hour');
      expect(hours).toEqual(
        [
          { fromMs, readings: 60, firstWh: 1_000, lastWh: 1_590, powerW: 600, maxPowerW: 659, balance: 10n },
          {
            ...{ fromMs: fromMs + HOUR_MS, readings: 20, firstWh: 1_600, lastWh: 1_790 },
            ...{ powerW: 600, maxPowerW: 619, balance: -250n },
          },
          {
            ...{ fromMs: fromMs + 3 * HOUR_MS, readings: 1, firstWh: 5_000, lastWh: 5_000 },
            ...{ powerW: 1_000, maxPowerW: 1_000, balance: -300n },
          },
        ].map((sum) => ({ ...sum, powerW: expect.any(Number) })),
      );
      expect(await under.store.sums(day, 'day')).toEqual([
        {
          ...{ fromMs, readings: 81, firstWh: 1_000, lastWh: 5_000 },
          ...{ powerW: expect.any(Number), maxPowerW: 1_000, balance: -300n },
        },
      ]);
    });

    it('shows what was consumed, and the gap with what was consumed in it', async () => {
      const options = { nowMs: fromMs + 4 * HOUR_MS, gapAfterMs: 5 * MINUTE_MS };
      const question = { ...day, toMs: fromMs + 4 * HOUR_MS };
      const hours = await meterSeries(under.store, { ...question, resolution: 'hour' }, options);
      expect(hours.points.map((point) => 'consumedWh' in point && point.consumedWh)).toEqual([590, 200, 0]);
      expect(hours.gaps).toEqual([
        { fromMs: fromMs + 2 * HOUR_MS, toMs: fromMs + 3 * HOUR_MS, consumedWh: 3_210 },
      ]);
      const raw = await meterSeries(under.store, { ...question, resolution: 'raw' }, options);
      const lastMs = fromMs + HOUR_MS + 19 * MINUTE_MS;
      const backMs = fromMs + 3 * HOUR_MS + 30 * MINUTE_MS;
      expect(raw.gaps).toEqual([
        { fromMs: lastMs, toMs: backMs, consumedWh: 3_210 },
        { fromMs: backMs, toMs: fromMs + 4 * HOUR_MS },
      ]);
    });

    it('counts whatever was told of a meter that never tells its register', async () => {
      const options = { nowMs: fromMs + 4 * HOUR_MS, gapAfterMs: 15 * MINUTE_MS };
      const question = { ...day, meterId: '9', fromMs: fromMs + HOUR_MS, toMs: fromMs + 4 * HOUR_MS };
      const raw = await meterSeries(under.store, { ...question, resolution: 'raw' }, options);
      expect(raw.gaps).toEqual([
        { fromMs: fromMs + HOUR_MS + 20 * MINUTE_MS, toMs: fromMs + 3 * HOUR_MS + 50 * MINUTE_MS },
      ]);
      const hours = await meterSeries(under.store, { ...question, resolution: 'hour' }, options);
      expect(hours.gaps).toEqual([{ fromMs: fromMs + 2 * HOUR_MS, toMs: fromMs + 3 * HOUR_MS }]);
    });
  });
}

/** An hour and twenty minutes a reading a minute, silence for two hours, and one reading more. */
function expected(fromMs: number): readonly Reading[] {
  const minutes = Array.from({ length: 80 }, (_, minute) =>
    reading({
      atMs: fromMs + minute * MINUTE_MS,
      energyWh: 1_000 + minute * 10,
      powerW: 600 + (minute % 60),
      balance: minute === 59 ? 10n : 100n - BigInt(minute),
      relay: 'closed',
      ...(minute % 2 === 0 ? { voltageMv: 230_000, currentMa: -2_609, signalDbm: -71 } : {}),
    }),
  );
  const status = reading({
    ...{ atMs: fromMs + HOUR_MS + 30 * MINUTE_MS, link: 'nfc', source: 'status', clockTrust: 1 },
    ...{ balance: -250n, relay: 'open', tamper: true },
  });
  const event = reading({
    ...{ atMs: fromMs + HOUR_MS + 31 * MINUTE_MS, source: 'event', clockTrust: 0 },
    ...{ event: 'power', timeOf: 'gateway' },
  });
  const last = reading({
    ...{ atMs: fromMs + 3 * HOUR_MS + 30 * MINUTE_MS, source: 'register', link: 'serial' },
    ...{
      energyWh: 5_000,
      powerW: 1_000,
      balance: -300n,
      receivedAtMs: fromMs + 3 * HOUR_MS + 31 * MINUTE_MS,
    },
  });
  return [...minutes, status, event, last];
}

/** Late, out of order, some twice, and among those of another meter. */
function batchesOf(fromMs: number): readonly (readonly Reading[])[] {
  const readings = expected(fromMs);
  const others = readings.map((one) => ({ ...one, meterId: '8', energyWh: 99_000_000 }));
  const [early, late] = [readings.slice(0, 30), readings.slice(30)];
  return [[...late, ...others], early.toReversed(), [...early, ...late.slice(0, 5)], withoutRegister(fromMs)];
}

/** A meter on a line without MQTT: statuses, after a register that it told an hour before. */
function withoutRegister(fromMs: number): readonly Reading[] {
  const minutes = [60, 70, 80, 230];
  return [
    reading({ meterId: '9', atMs: fromMs, energyWh: 5 }),
    ...minutes.map((minute) =>
      reading({
        ...{ meterId: '9', atMs: fromMs + minute * MINUTE_MS, link: 'serial', source: 'status' },
        ...{ balance: 100n, relay: 'closed', tamper: false },
      }),
    ),
  ];
}
