import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { systemClock } from '../../edges/system.ts';
import { createLosses } from '../losses.ts';
import { DAY_MS, HOUR_MS } from '../store.ts';
import { createInfluxServer, type InfluxServer } from '../testing/influx-server.ts';
import { reading } from '../testing/measured.ts';
import { openInfluxStore } from './influx-store.ts';

interface Dashboard {
  readonly templating: { readonly list: readonly { readonly query: string }[] };
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly query: string }[];
  }[];
}

const FILE = new URL('../../../../deploy/docker/grafana/dashboards/meters.json', import.meta.url);
const dashboard: Dashboard = JSON.parse(await readFile(FILE, 'utf8'));

let server: InfluxServer;
let queueDirectory: string;
beforeAll(async () => {
  server = await createInfluxServer();
  queueDirectory = await mkdtemp(join(tmpdir(), 'tapwatt-dashboard-'));
  const store = await openInfluxStore(
    {
      target: { url: server.url, database: 'tapwatt', username: undefined, password: undefined },
      keep: { rawDays: 14, hourlyDays: 100, dailyDays: 3_650 },
      ...{ queueDirectory, maxQueueBytes: 1 << 30 },
      pace: { everyMs: 20, firstRetryMs: 20, longestRetryMs: 100 },
    },
    { clock: systemClock, losses: createLosses(systemClock, () => undefined), onError: () => undefined },
  );
  const fromMs = Date.now() - 5 * DAY_MS;
  const told = { powerW: 600, voltageMv: 230_000, signalDbm: -70, balance: 100n, relay: 'closed' } as const;
  await store.append([
    ...Array.from({ length: 110 }, (_, hour) =>
      reading({ ...told, atMs: fromMs + hour * HOUR_MS, energyWh: hour * 600 }),
    ),
    reading({ atMs: fromMs, source: 'event', event: 'relay', relay: 'open' }),
  ]);
  await vi.waitFor(() => expect(store.figures().queued).toBe(0), 30_000);
  await store.close();
});
afterAll(async () => {
  await server.remove();
  await rm(queueDirectory, { recursive: true, force: true });
});

/** As Grafana fills it in. */
const filled = (query: string): string =>
  query
    .replaceAll('$timeFilter', `time >= ${Date.now() - 6 * DAY_MS}ms AND time <= ${Date.now()}ms`)
    .replaceAll('$__interval', '10m')
    .replaceAll('$meter', '(7|8)');

it.each(dashboard.panels.map((panel) => [panel.title, panel] as const))(
  'the dashboard asks what the database can answer: %s',
  async (_, { targets }) => {
    for (const { query } of targets) {
      const rows = await server.ask(filled(query).replaceAll(/FROM "(\w+)"\./g, 'FROM tapwatt."$1".'));
      expect(rows.length).toBeGreaterThan(0);
    }
  },
);

it('the dashboard finds the meters', async () => {
  const [variable] = dashboard.templating.list;
  const query = variable?.query.replace('SHOW TAG VALUES', 'SHOW TAG VALUES ON tapwatt') ?? '';
  expect(await server.ask(query)).toEqual([{ key: 'meter', value: '7' }]);
});
