import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { devicePort, type Meter, meterCard, SerialLine, systemTime } from '@tapwatt/simulator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { meterWithoutNetwork } from '../tapped-meter.ts';
import { openTown, type Town } from '../town.ts';
import { until } from '../until.ts';
import { lineConfig } from './line-of-meters.ts';
import { openPtyPair, type PtyPair } from './pty-pair.ts';

const BAUD = 115_200;
const POLL_MS = 100;

let directory: string;
let pair: PtyPair;
let town: Town;
let meter: Meter;
let line: SerialLine;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  pair = await openPtyPair();
  const meters = [{ address: 1, utcOffsetMinutes: 0 }];
  const named = { ...lineConfig(pair.near, BAUD), pollIntervalMs: POLL_MS, meters };
  const nfc = { enabled: false, meterReaders: [], counterReaders: [] };
  town = await openTown({ directory, meters: 1, config: { links: { nfc, serial: [named] } } });
  meter = meterWithoutNetwork(town.fleet, town.fleet.meters[0]);
  line = new SerialLine({
    open: devicePort(pair.far, BAUD, systemTime),
    meters: new Map([[1, meterCard(meter, 'line')]]),
    ...{ baudRate: BAUD, isPaced: false, time: systemTime },
  });
});
afterEach(async () => {
  await line?.close();
  await town?.close();
  await pair?.close();
  await rm(directory, { recursive: true, force: true });
});

interface Shown {
  readonly connected: boolean;
  readonly lastSeenMs: number;
}
const live = async (): Promise<Shown | undefined> =>
  (await town.get<{ live?: Shown }>(`/api/v1/meters/${meter.meterId}`)).live;
const connected = async (): Promise<number> => {
  const { overview } = await town.get<{ overview: { counters: { metersConnected: number } } }>(
    '/api/v1/status',
  );
  return overview.counters.metersConnected;
};

test('a meter on a serial line is shown as connected for as long as it answers there', async () => {
  line.start();
  const first = await until('the meter to be shown', async () => {
    const shown = await live();
    return shown?.connected === true ? shown : undefined;
  });
  await until('later visits', async () => {
    const shown = await live();
    expect(shown).toMatchObject({ connected: true });
    return (shown?.lastSeenMs ?? 0) > first.lastSeenMs + 3 * POLL_MS || undefined;
  });
  expect(await connected()).toBe(1);
  meter.powerOff();
  await until('its silence to be shown', async () => (await live())?.connected === false || undefined);
  expect(await connected()).toBe(0);
});

interface Status {
  readonly readiness: { readonly state: string; readonly reasons: readonly { readonly code: string }[] };
}
const readiness = async () => {
  const { state, reasons } = (await town.get<Status>('/api/v1/status')).readiness;
  return [state, ...reasons.map(({ code }) => code)].join(' ');
};
const becomes = (wanted: string) =>
  until(`the gateway to be ${wanted}`, async () => (await readiness()) === wanted || undefined);

test('a meter that the configuration names and that does not answer is told once, until it does', async () => {
  await becomes('degraded METER_SILENT');
  line.start();
  await becomes('ready');
  meter.powerOff();
  await becomes('degraded METER_SILENT');
  meter.powerOn();
  await becomes('ready');
  const told = town.log.map((text) => JSON.parse(text) as { address?: number; message?: string });
  expect(told.filter(({ address }) => address === 1).map(({ message }) => message)).toEqual([
    'a meter that the configuration names does not answer',
    'a meter answers',
    'a meter is silent',
    'a meter answers',
  ]);
});
