import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTown, type RawHandset, type Town } from './town.ts';
import { until } from './until.ts';

const EMPTY_LEDGER = fileURLToPath(new URL('../../scripts/empty-fabric-ledger.ts', import.meta.url));

let directory: string;
let town: Town;
let handset: RawHandset;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  const network = join(directory, 'network.json');
  await writeFile(network, execFileSync(process.execPath, [EMPTY_LEDGER]));
  const fabric = { network, certificate: undefined, key: undefined };
  town = await openTown({ directory, meters: 8, config: { ledger: { kind: 'fabric', fabric } } });
  handset = await town.handset();
});
afterAll(async () => {
  await town?.close();
  await rm(directory, { recursive: true, force: true });
});

const wish = (meterId: string, deliver = true) =>
  ({ op: 'issue', walletId: 'wallet-1', meterId, amount: '500', deliver }) as const;

it('a voucher is issued, on the meter, settled and acknowledged', async () => {
  const meter = await town.meter();
  const before = await town.wallet();
  const sent = handset.ask(wish(meter.meterId));
  const settled = await handset.hears(sent, 'settled');
  expect(handset.resultsOf(sent).map(({ status }) => status)).toEqual([
    'issued',
    'accepted',
    'on-meter',
    'settled',
  ]);
  const record = await town.voucher(settled.voucherId ?? '');
  expect(record).toMatchObject({ status: 'REDEEMED', settledTxId: settled.txId });
  expect(meter.credited).toBe(500n);
  await until('the acknowledgement', () => meter.acknowledged === 1 || undefined);
  const after = await town.wallet();
  expect(BigInt(before.balance) - BigInt(after.balance)).toBe(500n);
});

it('a role’s order is carried out once, and refused with the code of the rules', async () => {
  const deposit = { depositId: 'late', walletId: 'wallet-1', amount: '700' };
  expect(await town.order('agency', 'ProposeDeposit', deposit)).toBeUndefined();
  const before = await town.wallet();
  for (const _ of [1, 2]) {
    expect(await town.order('bank', 'ConfirmDeposit', { depositId: 'late', utr: 'U1' })).toBeUndefined();
  }
  expect(BigInt((await town.wallet()).balance)).toBe(BigInt(before.balance) + 700n);
  const unknown = await town.order('bank', 'ConfirmDeposit', { depositId: 'never', utr: 'U2' });
  expect(unknown).toMatchObject({ code: 'DEPOSIT_UNKNOWN' });
});

it('an ended epoch, a renewed key, and vouchers of the next epoch', async () => {
  const meter = await town.meter();
  const request = { meterId: meter.meterId, reason: 'test' };
  expect(await town.order('discom', 'RotateMeterKey', request)).toBeUndefined();
  await until(
    'the next epoch',
    async () => (await town.ledgerMeter(meter.meterId)).keyEpoch === 2 || undefined,
  );
  const sent = handset.ask(wish(meter.meterId));
  await handset.hears(sent, 'settled');
  expect(meter.credited).toBe(500n);
});

it('a gateway that starts again finds what is open, and everything balances', async () => {
  const meter = town.meterWithoutPower();
  const { voucherId = '' } = await handset.hears(handset.ask(wish(meter.meterId, false)), 'issued');
  await town.stopGateway();
  await town.startGateway();
  expect(await town.voucher(voucherId)).toMatchObject({ status: 'ISSUED' });
  const report = await town.get<{ ok: boolean }>('/api/v1/invariants');
  expect(report).toMatchObject({ ok: true });
  const stats = await town.get<{ ledger: Record<string, number> }>('/api/v1/stats');
  expect(stats.ledger.block).toBeGreaterThan(0);
  expect(stats.ledger.certificateExpiresAt).toBeGreaterThan(Date.now() / 1000);
});
