import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STATE_BIT } from '@tapwatt/firmware-contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayConfig, openTown, type Town, type TownMeter } from './town.ts';
import { until } from './until.ts';

const TELEMETRY: NonNullable<GatewayConfig['telemetry']> = {
  keep: { rawDays: 14, hourlyDays: 100, dailyDays: 3_650 },
  gapAfterS: 3,
  embedded: { maxMegabytes: 64 },
  influx: {
    url: undefined,
    database: 'tapwatt',
    username: undefined,
    passwordFile: undefined,
    maxQueueMegabytes: 16,
  },
};
const SLOW_MS = 60_000;

interface Point {
  readonly atMs: number;
  readonly source: string;
  readonly late: boolean;
  readonly energyWh?: number;
  readonly balance?: string;
  readonly relay?: string;
  readonly tamper?: boolean;
  readonly signalDbm?: number;
}

interface Series {
  readonly points: readonly Point[];
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number }[];
}

const startMs = Date.now();
async function seriesOf(town: Town, meter: TownMeter): Promise<Series> {
  const window = `from=${startMs - 60_000}&to=${Date.now() + 1_000}`;
  return town.get<Series>(`/api/v1/meters/${meter.meterId}/readings?${window}`);
}
const energiesOf = ({ points }: Series) => points.flatMap(({ energyWh }) => energyWh ?? []);

describe('a meter’s readings', () => {
  let directory: string;
  let town: Town;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tw-'));
    town = await openTown({ directory, meters: 2, handsets: 1, config: { telemetry: TELEMETRY } });
  }, SLOW_MS);
  afterAll(async () => {
    await town?.close();
    await rm(directory, { recursive: true, force: true });
  });

  it(
    'that it kept while it was away fill the gap that was seen meanwhile',
    async () => {
      const meter = await town.meter();
      const measure = () => {
        meter.device.tick(36_000);
        meter.device.read();
      };
      const handset = await town.handset();
      const wish = {
        op: 'issue',
        walletId: 'wallet-1',
        meterId: meter.meterId,
        amount: '500',
        deliver: true,
      } as const;
      await handset.hears(handset.ask(wish), 'settled');
      await until('a clock', () => meter.device.state?.clock.trust === 2 || undefined);
      measure();
      await until('the first reading', async () => energiesOf(await seriesOf(town, meter))[0]);
      await town.stopGateway();
      const secondsGo = (seconds: number) => {
        const untilMs = Date.now() + seconds * 1_000;
        return until(`${seconds} s`, () => Date.now() >= untilMs || undefined);
      };
      for (let reading = 0; reading < 4; reading += 1) {
        await secondsGo(1);
        measure();
      }
      await town.startGateway();
      const away = await seriesOf(town, meter);
      expect(energiesOf(away)).toHaveLength(1);
      expect(away.gaps.length).toBeGreaterThan(0);
      await until('a clock', () => meter.device.state?.clock.trust === 2 || undefined);
      await secondsGo(1);
      measure();
      const filled = await until('what was kept', async () => {
        const series = await seriesOf(town, meter);
        return energiesOf(series).length === 6 ? series : undefined;
      });
      expect(energiesOf(filled)).toEqual([10, 20, 30, 40, 50, 60]);
      const first = filled.points.find(({ energyWh }) => energyWh === 10)?.atMs ?? 0;
      const last = filled.points.find(({ energyWh }) => energyWh === 50)?.atMs ?? 0;
      expect(filled.gaps.filter(({ fromMs, toMs }) => fromMs >= first && toMs <= last)).toEqual([]);
      expect(filled.points.filter(({ late }) => late).length).toBeGreaterThanOrEqual(2);
    },
    SLOW_MS,
  );

  it('tell of credit, relay, tamper and signal, from every frame that says so', async () => {
    const meter = await town.meter();
    meter.device.read();
    meter.device.openCase();
    await until('the tamper', async () => {
      const { points } = await seriesOf(town, meter);
      return points.some(({ source, tamper }) => source === 'status' && tamper === true) || undefined;
    });
    const { points } = await seriesOf(town, meter);
    expect(points).toContainEqual(
      expect.objectContaining({ source: 'event', event: 'tamper', tamper: true }),
    );
    expect(points).toContainEqual(expect.objectContaining({ source: 'tele', signalDbm: -73, balance: '0' }));
    expect(meter.said('status').at(-1)?.[1]).toBe(STATE_BIT.TAMPER | STATE_BIT.LOW_CREDIT);
  });
});

describe('a gateway that cannot keep readings', () => {
  it(
    'is degraded and sells and redeems as before, and keeps them when it can again',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'tw-'));
      const telemetry = TELEMETRY;
      const town = await openTown({ directory, meters: 1, handsets: 1, config: { telemetry } });
      try {
        await town.stopGateway();
        const place = join(directory, 'data', 'readings');
        await rm(place, { recursive: true, force: true });
        await writeFile(place, 'in the way');
        await town.startGateway();
        const [meter, handset] = [await town.meter(), await town.handset()];
        meter.device.read();
        const wish = {
          op: 'issue',
          walletId: 'wallet-1',
          meterId: meter.meterId,
          amount: '500',
          deliver: true,
        } as const;
        await handset.hears(handset.ask(wish), 'settled');
        expect(meter.credited).toBe(500n);
        const degraded = await until('the gateway to say so', async () => {
          const { state, reasons } = await town.get<{ state: string; reasons: readonly { code: string }[] }>(
            '/health/ready',
          );
          return state === 'degraded' ? reasons : undefined;
        });
        expect(degraded).toMatchObject([{ part: 'telemetry', code: 'TELEMETRY_UNAVAILABLE' }]);
        await expect(seriesOf(town, meter)).rejects.toThrow(/503/);
        await rm(place);
        await mkdir(place);
        const found = await until(
          'the readings',
          async () => (await seriesOf(town, meter).catch(() => undefined))?.points,
          20_000,
        );
        expect(found).toBeDefined();
        await until(
          'the reading that waited',
          async () => energiesOf(await seriesOf(town, meter))[0],
          20_000,
        );
        expect(await town.get('/health/ready')).toMatchObject({ state: 'ready' });
      } finally {
        await town.close();
        await rm(directory, { recursive: true, force: true });
      }
    },
    SLOW_MS,
  );
});
