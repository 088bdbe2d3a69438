import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../edges/system.ts';
import { openEmbeddedStore } from '../embedded/embedded-store.ts';
import { createLosses } from '../losses.ts';
import { meterSeries } from '../meter-series.ts';
import { DAY_MS, HOUR_MS, type ReadingStore } from '../store.ts';
import { createInfluxServer, type InfluxServer } from '../testing/influx-server.ts';
import { reading } from '../testing/measured.ts';
import { randomReadings } from '../testing/random-readings.ts';
import { storeContract } from '../testing/store-contract.ts';
import { openInfluxStore } from './influx-store.ts';

const CHILD = fileURLToPath(new URL('../testing/recording-child.ts', import.meta.url));
const KEEP = { rawDays: 14, hourlyDays: 100, dailyDays: 3_650 };
const PACE = { everyMs: 20, firstRetryMs: 20, longestRetryMs: 100 };
const SOON = { timeout: 30_000, interval: 20 };

let server: InfluxServer;
let root: string;
beforeAll(async () => {
  server = await createInfluxServer();
  root = await mkdtemp(join(tmpdir(), 'tapwatt-ring-'));
});
afterAll(async () => {
  await server.remove();
  await rm(root, { recursive: true, force: true });
});

/** A store with a database of its own, unless two share one. */
async function storeIn(
  database: string,
  more: { at?: InfluxServer; queue?: string; keep?: typeof KEEP } = {},
) {
  const said: string[] = [];
  const whys: (string | undefined)[] = [];
  const losses = createLosses(systemClock, (_, why) => whys.push(why));
  const store = await openInfluxStore(
    {
      target: { url: (more.at ?? server).url, database, username: undefined, password: undefined },
      keep: more.keep ?? KEEP,
      queueDirectory: join(root, more.queue ?? database),
      maxQueueBytes: 1 << 30,
      pace: PACE,
    },
    { clock: systemClock, losses, onError: (error, doing) => said.push(`${doing}: ${error}`) },
  );
  const arrived = () => vi.waitFor(() => expect(store.figures().queued).toBe(0), SOON);
  return { store, losses, said, whys, arrived };
}

const energies = (rows: readonly Readonly<Record<string, unknown>>[]) => rows.map(({ energyWh }) => energyWh);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const readingsOf = (atMs: number, count: number, first = 0) =>
  upTo(count).map((index) => reading({ atMs: atMs + first + index, energyWh: first + index, powerW: 1 }));

storeContract('InfluxDB', () => storeIn('contract'));

describe('the database', () => {
  it('is set up as it should be, whatever is there, and left alone where it is right', async () => {
    const open = async (keep: typeof KEEP) => {
      const { store, arrived, said } = await storeIn('setup', { keep });
      await store.append(readingsOf(Date.now(), 1));
      await arrived();
      await store.close();
      expect(said).toEqual([]);
      const [policies, queries] = [
        await server.ask('SHOW RETENTION POLICIES ON setup'),
        await server.ask('SHOW CONTINUOUS QUERIES'),
      ];
      return {
        policies: policies.map(({ name, duration }) => `${name} ${duration}`),
        queries: queries.map(({ query }) => String(query)).filter((query) => query.includes(' ON setup ')),
      };
    };
    const first = await open(KEEP);
    expect(first.policies).toEqual(
      expect.arrayContaining(['raw 336h0m0s', 'hourly 2400h0m0s', 'daily 87600h0m0s']),
    );
    expect(first.queries).toEqual([
      expect.stringMatching(
        /EVERY 30m FOR 3h BEGIN SELECT .* INTO setup\.hourly\.readings FROM setup\.raw\.readings GROUP BY time\(1h\), meter/,
      ),
      expect.stringMatching(
        /EVERY 1h FOR 2d BEGIN SELECT .* INTO setup\.daily\.readings FROM setup\.hourly\.readings GROUP BY time\(1d\), meter/,
      ),
    ]);
    expect(await open(KEEP)).toEqual(first);
    await server.ask('DROP CONTINUOUS QUERY tapwatt_daily ON setup');
    await server.ask(
      'CREATE CONTINUOUS QUERY tapwatt_daily ON setup BEGIN SELECT max(powerW) INTO old FROM raw.readings GROUP BY time(1d) END',
    );
    const changed = await open({ ...KEEP, rawDays: 20 });
    expect(changed.policies).toEqual(expect.arrayContaining(['raw 480h0m0s']));
    expect(changed.queries).toEqual(first.queries);
  });

  it('is set up again when it comes back empty', async () => {
    const { store, arrived } = await storeIn('emptied');
    await store.append(readingsOf(Date.now() - HOUR_MS, 2));
    await arrived();
    await server.ask('DROP DATABASE emptied');
    await store.append(readingsOf(Date.now() - HOUR_MS, 3, 2));
    await arrived();
    expect(energies(await server.ask('SELECT energyWh FROM emptied.raw.readings'))).toEqual([2, 3, 4]);
    await store.close();
  });
});

describe('a database that is away', () => {
  it('gets everything when it is back, and is said to be away meanwhile', async () => {
    const { store, arrived, said } = await storeIn('away');
    const atMs = Date.now() - HOUR_MS;
    await store.append(readingsOf(atMs, 10));
    await arrived();
    await server.kill();
    for (let first = 10; first < 5_000; first += 499) {
      await store.append(readingsOf(atMs, Math.min(499, 5_000 - first), first));
    }
    await vi.waitFor(() => expect(store.view().state).toBe('failing'), SOON);
    expect(store.view()).toMatchObject({ message: expect.stringMatching(/\d+ wait in the queue/) });
    await expect(store.raw({ meterId: '7', fromMs: 0, toMs: 1 }, 1)).rejects.toMatchObject({
      code: 'TELEMETRY_UNAVAILABLE',
    });
    await server.start();
    await arrived();
    expect(energies(await server.ask('SELECT energyWh FROM away.raw.readings'))).toEqual(upTo(5_000));
    expect(store.view()).toEqual({ state: 'ok' });
    expect(said).toHaveLength(1);
    await store.close();
  });

  it('loses nothing that a killed gateway had kept', async () => {
    const queueDirectory = join(root, 'killed');
    const atMs = Date.now() - HOUR_MS;
    const kept: number[] = [];
    for (const [after, isAway] of [
      [50, false],
      [120, true],
      [200, false],
    ] as const) {
      if (isAway) await server.kill();
      const args = [CHILD, server.url, queueDirectory, String((kept.at(-1) ?? -1) + 1_000), String(atMs)];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const closed = once(child, 'close');
      let count = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        kept.push(Number(line));
        count += 1;
        if (count === after) child.kill('SIGKILL');
      }
      await closed;
      if (isAway) await server.start();
    }
    const { store, arrived } = await storeIn('tapwatt', { queue: 'killed' });
    await arrived();
    const found = new Set(energies(await server.ask('SELECT energyWh FROM tapwatt.raw.readings')));
    expect(kept.filter((energyWh) => !found.has(energyWh))).toEqual([]);
    expect(kept.length).toBeGreaterThan(300);
    await store.close();
  });
});

describe('what the database refuses', () => {
  it('of a batch is counted and not sent for ever; the rest arrives', async () => {
    const { store, arrived, losses, whys } = await storeIn('partial');
    const todayMs = Date.now() - 1_000;
    await store.append(readingsOf(todayMs, 1));
    await arrived();
    // Field types are a shard's own: somebody else wrote another one into the day of a week ago.
    const weekAgoMs = todayMs - 7 * DAY_MS;
    await server.writeLines('partial', 'raw', `readings,meter=7 powerW=0.5 ${weekAgoMs * 1_000}`);
    const tooOld = readingsOf(todayMs - 30 * DAY_MS, 4);
    await store.append([...readingsOf(todayMs, 20), ...readingsOf(weekAgoMs + 1, 3)]);
    await arrived();
    expect(whys).toEqual([expect.stringContaining('field type conflict')]);
    await store.append([...tooOld, ...readingsOf(todayMs, 5, 20)]);
    await arrived();
    expect(losses.figures()).toEqual({ 'lost.refused': 3, 'lost.tooOld': 4 });
    expect(store.view()).toEqual({ state: 'ok' });
    const rows = await server.ask(
      `SELECT energyWh FROM partial.raw.readings WHERE time >= ${todayMs - DAY_MS}ms`,
    );
    expect(energies(rows)).toEqual(upTo(25));
    await store.close();
  });

  it('for being too much at once is sent in parts', async () => {
    const small = await createInfluxServer({ maxBodyBytes: 20_000 });
    const { store, arrived, losses } = await storeIn('large', { at: small });
    await store.append(readingsOf(Date.now() - HOUR_MS, 1_000));
    await arrived();
    expect(energies(await small.ask('SELECT energyWh FROM large.raw.readings'))).toEqual(upTo(1_000));
    expect(losses.figures()).toEqual({});
    await store.close();
    await small.remove();
  });
});

describe('readings that come late', () => {
  it('are summed again in the hours and days that the database has summed before', async () => {
    const { store, arrived } = await storeIn('late');
    const fromMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - 5 * DAY_MS;
    await store.append([
      ...readingsOf(fromMs, 10),
      reading({ atMs: fromMs + HOUR_MS, energyWh: 500, balance: 5n }),
      reading({ atMs: fromMs + HOUR_MS, meterId: '8', energyWh: 7 }),
    ]);
    await arrived();
    const hours = "SELECT readings, firstWh, lastWh FROM late.hourly.readings WHERE meter = '7'";
    expect(await server.ask(hours)).toEqual([
      { time: fromMs * 1_000, readings: 10, firstWh: 0, lastWh: 9 },
      { time: (fromMs + HOUR_MS) * 1_000, readings: 1, firstWh: 500, lastWh: 500 },
    ]);
    await store.append([reading({ atMs: fromMs + 2 * HOUR_MS - 1, energyWh: 600 })]);
    await arrived();
    expect((await server.ask(hours))[1]).toMatchObject({ readings: 2, lastWh: 600 });
    expect(await server.ask('SELECT readings, lastWh, meter FROM late.daily.readings')).toEqual([
      { time: fromMs * 1_000, readings: 12, lastWh: 600, meter: '7' },
      { time: fromMs * 1_000, readings: 1, lastWh: 7, meter: '8' },
    ]);
    // Beyond the kept points the answer is made of those sums.
    const shorter = await storeIn('late', { queue: 'late2', keep: { ...KEEP, rawDays: 3 } });
    const window = { meterId: '7', fromMs, toMs: fromMs + DAY_MS };
    expect(await shorter.store.sums(window, 'hour')).toEqual(await store.sums(window, 'hour'));
    expect(await shorter.store.sums(window, 'day')).toEqual(await store.sums(window, 'day'));
    await shorter.store.close();
    await store.close();
  });
});

describe('both stores', () => {
  it('answer the same to the same questions about the same readings', async () => {
    const nowMs = Date.now();
    const seed = Number(process.env.READINGS_SEED ?? Math.floor(Math.random() * 2 ** 31));
    const readings = randomReadings(seed, { fromMs: nowMs - 4 * DAY_MS, toMs: nowMs, count: 4_000 });
    const { store: influx, arrived } = await storeIn('same');
    const edges = { clock: systemClock, onError: () => undefined };
    const embedded = openEmbeddedStore(join(root, 'same-embedded'), { ...KEEP, maxBytes: 1 << 30 }, edges);
    for (const store of [influx, embedded] as const) {
      for (let start = 0; start < readings.length; start += 700) {
        await store.append(readings.slice(start, start + 700));
      }
    }
    await arrived();
    const answers = async (store: ReadingStore) => {
      const found: unknown[] = [];
      for (const meterId of ['1', '2', '3']) {
        for (const resolution of ['raw', 'hour', 'day'] as const) {
          const question = { meterId, resolution, fromMs: nowMs - 4 * DAY_MS, toMs: nowMs + HOUR_MS };
          found.push(await meterSeries(store, question, { nowMs, gapAfterMs: 1_800_000 }));
        }
      }
      return found;
    };
    expect(await answers(influx), `READINGS_SEED=${seed}`).toEqual(await answers(embedded));
    await Promise.all([influx.close(), embedded.close()]);
  });
});
