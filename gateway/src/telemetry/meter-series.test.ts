import { expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.ts';
import { meterSeries } from './meter-series.ts';
import { reading } from './testing/measured.ts';

const READ_OUT_MS = 5_000;

it('shows no gap between readings of a foreign meter that is polled with the default settings', async () => {
  const file = {
    path: 'tapwatt.yaml',
    text: 'links: {serial: [{device: /dev/a, protocol: iec62056, meters: [{address: "", meterId: "7"}]}]}',
  };
  const { config } = loadConfig({ environment: {}, flags: [], workingDirectory: '/srv/tapwatt', file });
  const everyMs = (config.links?.serial[0]?.pollIntervalMs ?? 0) + READ_OUT_MS;
  expect(everyMs).toBe(305_000);
  const readings = Array.from({ length: 10 }, (_, index) =>
    reading({ atMs: index * everyMs, source: 'register', link: 'serial', energyWh: index }),
  );
  const store = { raw: async () => readings, sums: async () => [] };
  const toMs = 10 * everyMs;
  const options = { nowMs: toMs, gapAfterMs: (config.telemetry?.gapAfterS ?? 0) * 1_000 };
  const { gaps } = await meterSeries(store, { meterId: '7', resolution: 'raw', fromMs: 0, toMs }, options);
  expect(gaps).toEqual([]);
});
