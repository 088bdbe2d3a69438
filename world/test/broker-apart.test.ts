import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newBoard } from '@tapwatt/simulator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTown } from './processes/town-of-processes.ts';
import { rawHandset } from './raw-handset.ts';
import { runTapwatt } from './run-tapwatt.ts';
import { townMeter } from './town-meter.ts';
import { until } from './until.ts';

const LONG_MS = 30_000;

let directory: string;
const undo: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
});
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
  await rm(directory, { recursive: true, force: true });
});

/** Gateway and broker as processes of their own; a meter and a handset that speak to the broker. */
async function openTown() {
  const town = await createTown({ directory, broker: 'own', meters: 1, handsets: 1, seed: 1 });
  undo.push(() => town.kill(town.roles));
  town.launch(['broker', 'gateway']);
  await town.up();
  const [entry] = town.fleet.meters;
  const [holder] = town.fleet.handsets;
  if (entry === undefined || holder === undefined) throw new Error('The fleet is empty.');
  const meter = townMeter(town.fleet, entry, newBoard(entry));
  const handset = rawHandset(town.fleet, holder);
  undo.push(
    () => meter.close(),
    () => handset.close(),
  );
  await meter.start();
  await handset.up();
  return { town, meter, handset };
}

const wish = { op: 'issue', walletId: 'wallet-1', meterId: '1', amount: '500', deliver: true } as const;

test(
  'with a broker of its own, a meter that stays connected and silent gets its voucher from a gateway that was killed',
  async () => {
    const { town, meter, handset } = await openTown();
    await town.kill(['gateway']);
    town.launch(['gateway']);
    await town.up();
    await handset.askUntil(wish, 'settled');
    expect(meter.credited).toBe(500n);
    expect((await town.ready()).state).toBe('ready');
    await town.kill(['broker']);
    await until(
      'the gateway to miss its broker',
      async () => (await town.ready()).state === 'not-ready' || undefined,
      LONG_MS,
    );
    town.launch(['broker']);
    await until(
      'the gateway to find it again',
      async () => (await town.ready()).state === 'ready' || undefined,
      LONG_MS,
    );
  },
  2 * LONG_MS,
);

test(
  'after a restore, a meter that stays connected and silent is asked, moved to a new key and sold to again',
  async () => {
    const { town, meter, handset } = await openTown();
    await handset.askUntil(wish, 'settled');
    const backup = join(directory, 'town.backup');
    const { dataDirectory } = town;
    await runTapwatt({ directory, dataDirectory }, ['backup', 'create', backup]);
    await handset.askUntil(wish, 'settled');
    await until('the meter to have its acknowledgement', () => meter.acknowledged === 2 || undefined);
    await town.kill(['gateway']);
    await runTapwatt({ directory, dataDirectory }, ['backup', 'restore', backup]);
    town.launch(['gateway']);
    await town.up();
    await until(
      'the meter to be cleared',
      async () => (await town.ready()).state === 'ready' || undefined,
      LONG_MS,
    );
    await handset.askUntil(wish, 'settled');
    expect(meter.credited).toBe(1_500n);
  },
  2 * LONG_MS,
);
