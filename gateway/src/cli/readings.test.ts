import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topics } from '@tapwatt/firmware-contracts';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { StatsReport } from '../http/services.ts';
import type { MeterSeries } from '../telemetry/meter-series.ts';
import { runTapwatt } from './testing/run-tapwatt.ts';
import { startTestGateway, type TestGateway } from './testing/running-gateway.ts';
import { startTrace } from './testing/running-trace.ts';

const SLOW_MS = 60_000;
const MINUTE_S = 60;

describe('what a meter told of itself', () => {
  let cwd: string;
  let gateway: TestGateway;
  let meter: MqttClient;
  const nowS = Math.floor(Date.now() / 1_000);
  const tapwatt = (args: readonly string[]) => runTapwatt(args, { cwd });
  const series = async (args: readonly string[]): Promise<MeterSeries> => {
    const { code, stdout, stderr } = await tapwatt(['meter', 'readings', '77', ...args, '--json']);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as MeterSeries;
  };
  const tell = (at: number, energyWh: number, more: object = {}) => {
    const told = { at, clockTrust: 2, energyWh, powerW: 600, balance: '-1250', relay: 'closed', ...more };
    return meter.publishAsync(topics('home').meter('77').up('tele'), JSON.stringify(told), { qos: 1 });
  };

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'tw-'));
    gateway = await startTestGateway(cwd);
    const { stdout } = await tapwatt(['meter', 'add', '--id', '77', '--json']);
    const { identity, password } = JSON.parse(stdout) as { identity: string; password: string };
    const login = { clientId: identity, username: identity, password };
    meter = await connectAsync(`mqtt://127.0.0.1:${gateway.mqttPort}`, login);
  }, SLOW_MS);
  afterAll(async () => {
    await meter.endAsync(true);
    await gateway.end('SIGKILL');
    await rm(cwd, { recursive: true, force: true });
  });

  it(
    'is shown as it came over MQTT, with the gap that late readings then fill',
    async () => {
      for (const ago of [40, 38, 36, 2, 1, 0]) await tell(nowS - ago * MINUTE_S, 1_000 - 10 * ago);
      await vi.waitFor(async () => expect((await series(['--last', '1h'])).points).toHaveLength(6), SLOW_MS);
      const { gaps } = await series(['--last', '41m']);
      expect(gaps).toEqual([
        { fromMs: (nowS - 36 * MINUTE_S) * 1_000, toMs: (nowS - 2 * MINUTE_S) * 1_000, consumedWh: 340 },
      ]);
      const shown = await tapwatt(['meter', 'readings', '77', '--last', '41m']);
      expect(shown.stdout).toMatch(/\+340 .*nothing read until/);
      expect(shown.stdout).toMatch(/600 +600 +-12\.50 +closed +came late/);

      for (let ago = 34; ago > 2; ago -= 2) await tell(nowS - ago * MINUTE_S, 1_000 - 10 * ago);
      await vi.waitFor(async () => expect((await series(['--last', '41m'])).gaps).toEqual([]), SLOW_MS);
      const from = new Date((nowS - 12 * 3_600) * 1_000).toISOString();
      const hours = await series(['--from', from]);
      const consumed = [...hours.points, ...hours.gaps].map((one) =>
        'consumedWh' in one ? (one.consumedWh ?? 0) : 0,
      );
      expect(consumed.reduce((sum, wh) => sum + wh, 0)).toBe(400);
    },
    SLOW_MS,
  );

  it(
    'does not show what is no reading, nor what is older than is kept, and counts both',
    async () => {
      await tell(nowS, 1, { balance: 1250 });
      await tell(nowS - 15 * 86_400, 1);
      await vi.waitFor(async () => {
        const answer = await fetch(`http://127.0.0.1:${gateway.httpPort}/api/v1/stats`);
        const { telemetry } = (await answer.json()) as StatsReport;
        expect(telemetry).toMatchObject({ 'lost.malformed': 1, 'lost.tooOld': 1 });
      }, SLOW_MS);
      expect((await series(['--last', '20d', '--resolution', 'day'])).points.length).toBeLessThanOrEqual(2);
    },
    SLOW_MS,
  );

  it('is not asked for in words that mean nothing', async () => {
    for (const wrong of [
      ['--last', 'long'],
      ['--from', 'monday'],
      ['--last', '1h', '--from', '2027-01-01'],
      ['--resolution', 'year'],
    ]) {
      expect((await tapwatt(['meter', 'readings', '77', ...wrong])).code, wrong.join(' ')).toBe(2);
    }
  });

  it('is not asked of what is no meter', async () => {
    const refused = async (id: string) => {
      const { stderr } = await tapwatt(['meter', 'readings', id, '--json']);
      return JSON.parse(stderr) as object;
    };
    expect(await refused('abc')).toMatchObject({ code: 'BAD_REQUEST' });
    expect(await refused('999')).toMatchObject({ code: 'METER_UNKNOWN', remedy: 'Register it first.' });
    expect((await tapwatt(['meter', 'readings', 'abc'])).code).toBe(2);
  });

  it(
    'is traced as it comes, and a number that is no meter’s is said to be none',
    async () => {
      const trace = startTrace(cwd, '77');
      await vi.waitFor(() => expect(trace.stderr()).toMatch(/^Frames of meter 77/), SLOW_MS);
      await tell(nowS, 2_000);
      await vi.waitFor(() => expect(trace.stdout()).toMatch(/← up\/tele reading .*energyWh=2000/), SLOW_MS);
      expect([await trace.stop(), trace.stderr()]).toEqual([0, expect.not.stringContaining('known')]);
      const unknown = startTrace(cwd, '999');
      await vi.waitFor(() => expect(unknown.stderr()).toContain('No meter 999 is known'), SLOW_MS);
      await unknown.stop();
    },
    SLOW_MS,
  );
});

it('is not said to be traced where no gateway runs', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'tw-'));
  const { code, stderr } = await runTapwatt(['trace', '--meter', '77'], { cwd });
  expect([code, stderr]).toEqual([4, expect.not.stringContaining('Frames of meter')]);
  await rm(cwd, { recursive: true, force: true });
});
