import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { INS } from '@tapwatt/firmware-contracts';
import { type InsertedCard, insertVirtualCard, type Meter } from '@tapwatt/simulator';
import { pcscDaemon, READERS } from '../../../test/nfc/pcsc-daemon.ts';
import { meterWithoutNetwork } from '../../../test/tapped-meter.ts';
import { openTown, type RawHandset, type Town } from '../../../test/town.ts';
import { until } from '../../../test/until.ts';
import { resourcesOf } from './resources.ts';
import { type TapTimes, timedCard } from './timed-card.ts';

/** One meter is told the time once a minute at most: so many are in turn that it is longer before it is tapped again. */
const METERS_AT_READER = 150;
const ALL_COMMANDS = Object.keys(INS).length;
/** The daemon looks at its virtual readers every 400 ms. */
const POLL_MS = 450;
const PATIENCE_MS = 8_000;
const WARM_UP = 0.2;

interface Taps {
  readonly town: Town;
  readonly times: TapTimes[];
  missed: number;
}

/** Buys a voucher for each meter in turn, switches it off and on so that it has no time, and holds it to the reader. */
async function tapOne(
  taps: Taps,
  handset: RawHandset,
  at: { meter: Meter; reader: number; isFirst: boolean },
): Promise<void> {
  const reader = READERS[at.reader];
  if (reader === undefined) throw new Error('No such reader.');
  const meterId = String(at.meter.meterId);
  const wish = { op: 'issue', walletId: 'wallet-1', meterId, amount: '1', deliver: true } as const;
  await handset.hears(handset.ask(wish), 'pending');
  at.meter.powerOff();
  at.meter.powerOn();
  let held: InsertedCard | undefined;
  const card = timedCard(at.meter, at.isFirst ? ALL_COMMANDS - 2 : ALL_COMMANDS, () => held?.remove());
  held = await insertVirtualCard(reader, card.inField);
  const patience = setTimeout(() => held?.remove(), PATIENCE_MS);
  await held.removed;
  clearTimeout(patience);
  const times = card.times();
  if (new Set(times.commands).size === ALL_COMMANDS) taps.times.push(times);
  else if (!at.isFirst) taps.missed += 1;
  await pause(POLL_MS);
}

const quantile = (sorted: readonly number[], q: number): number =>
  Math.round((sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0) * 100) / 100;

function summary(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
  };
}

async function run(count: number): Promise<unknown> {
  const directory = await mkdtemp(join(tmpdir(), 'tw-'));
  const daemon = pcscDaemon();
  await daemon.start();
  const nfc = { enabled: true, meterReaders: ['*'], counterReaders: [] };
  const config = { links: { nfc, serial: [] }, log: { level: 'warn' } } as const;
  const town = await openTown({ directory, meters: METERS_AT_READER * READERS.length, handsets: 2, config });
  const readersAreThere = async (): Promise<true | undefined> => {
    const stats = await town.get<{ nfc: { readers: number } }>('/api/v1/stats');
    return stats.nfc.readers === READERS.length || undefined;
  };
  await until('the readers', readersAreThere, 30_000);
  const taps: Taps = { town, times: [], missed: 0 };
  const meters = town.fleet.meters.map((entry) => meterWithoutNetwork(town.fleet, entry));
  let done = 0;
  let before: ReturnType<typeof resourcesOf> | undefined;
  const atReader = async (reader: number): Promise<void> => {
    const own = meters.filter((_, index) => index % READERS.length === reader);
    const handset = await town.handset();
    for (let n = 0; n * READERS.length < count; n += 1) {
      const meter = own[n % own.length];
      if (meter === undefined) return;
      await tapOne(taps, handset, { meter, reader, isFirst: n < own.length });
      done += 1;
      if (done >= WARM_UP * count) before ??= resourcesOf();
      if (done % 100 === 0) process.stderr.write(`${done} of ${count} taps\n`);
    }
  };
  await Promise.all(READERS.map((_, reader) => atReader(reader)));
  const after = resourcesOf();
  const { nfc: figures } = await town.get<{ nfc: object }>('/api/v1/stats');
  await town.close();
  await daemon.close();
  await rm(directory, { recursive: true, force: true });
  return {
    taps: done,
    measured: taps.times.length,
    missed: taps.missed,
    commandsEach: ALL_COMMANDS,
    ownMs: summary(taps.times.map(({ wholeMs, cardMs }) => wholeMs - cardMs)),
    cardMs: summary(taps.times.map(({ cardMs }) => cardMs)),
    wholeMs: summary(taps.times.map(({ wholeMs }) => wholeMs)),
    resources: { afterWarmUp: before, after },
    gateway: figures,
    loadAverage: loadavg().map((load) => Math.round(load * 100) / 100),
  };
}

process.stdout.write(JSON.stringify(await run(Number(process.argv[2]))));
process.exit(0);
