import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { meterId as asMeterId, RESULT, topics } from '@tapwatt/firmware-contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTown, type RawHandset, type Town, type TownMeter } from './town.ts';
import { until } from './until.ts';

let directory: string;
let town: Town;
let handset: RawHandset;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  town = await openTown({ directory, meters: 2, handsets: 1 });
  handset = await town.handset();
});
afterAll(async () => {
  await town?.close();
  await rm(directory, { recursive: true, force: true });
});

const sell = ({ meterId }: TownMeter) =>
  handset.askUntil({ op: 'issue', walletId: 'wallet-1', meterId, amount: '500', deliver: true }, 'settled');
const isAsked = (meter: TownMeter) =>
  until('a question to be answered', () =>
    meter.receipts().some(({ result }) => result === RESULT.BAD_MAC) ? true : undefined,
  );

it('an old status, said again by whoever has the meter’s password, only makes the gateway ask', async () => {
  const meter = await town.meter();
  const [old] = meter.said('status');
  await sell(meter);
  const { up } = topics(town.fleet.site).meter(asMeterId(meter.meterId));
  meter.say(up('status'), old ?? new Uint8Array());
  await isAsked(meter);
  await sell(meter);
  expect(await town.ledgerMeter(meter.meterId)).toMatchObject({ quarantined: false, settled: '1000' });
});

it('a memory that was set back is found by the answer, and nothing more is sold to that meter', async () => {
  const meter = await town.meter();
  await sell(meter);
  const setBack = meter.imageOfMemory();
  await sell(meter);
  meter.device.powerOff();
  setBack();
  await meter.start();
  await until('the quarantine', async () =>
    (await town.ledgerMeter(meter.meterId)).quarantined ? true : undefined,
  );
  const wish = {
    op: 'issue',
    walletId: 'wallet-1',
    meterId: meter.meterId,
    amount: '500',
    deliver: true,
  } as const;
  expect(await handset.askUntil(wish, 'refused')).toMatchObject({ code: 'METER_STATE' });
});
