import { cp, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OrphanRecord } from '@tapwatt/chaincode';
import { RESULT } from '@tapwatt/firmware-contracts';
import { silent } from '@tapwatt/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runTapwatt } from './run-tapwatt.ts';
import { openTown, type RawHandset, type Town, type TownMeter } from './town.ts';
import { until } from './until.ts';

const SLOW_MS = 120_000;
/** More than a meter's ring of receipts holds. */
const MANY = 10;

let directory: string;
let town: Town;
let handset: RawHandset;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  town = await openTown({ directory, meters: 6, handsets: 1 });
  handset = await town.handset();
}, SLOW_MS);
afterEach(async () => {
  await town?.close();
  await rm(directory, { recursive: true, force: true });
});

const dataDirectory = (): string => town.config.dataDirectory;
const ledgerPath = (name = 'ledger'): string => join(dataDirectory(), name);
const backupFile = (): string => join(directory, 'town.backup');

const tapwatt = (...args: readonly string[]) =>
  runTapwatt({ directory, dataDirectory: dataDirectory() }, args);

const wish = (meter: TownMeter, amount = '500') =>
  ({ op: 'issue', walletId: 'wallet-1', meterId: meter.meterId, amount, deliver: true }) as const;
const sell = (meter: TownMeter, amount = '500') => handset.askUntil(wish(meter, amount), 'settled');
const orphans = async (): Promise<readonly OrphanRecord[]> =>
  (await town.get<{ orphans: readonly OrphanRecord[] }>('/api/v1/orphans?limit=500')).orphans;

interface Readiness {
  readonly state: string;
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
}
const readiness = (): Promise<Readiness> => town.get('/health/ready');
const cleared = (meter: TownMeter, keyEpoch: number) =>
  until(`meter ${meter.meterId} to be cleared in epoch ${keyEpoch}`, async () => {
    const record = await town.ledgerMeter(meter.meterId);
    return record.keyEpoch === keyEpoch && !record.quarantined ? record : undefined;
  });
const halted = () =>
  until('the halt', async () =>
    (await readiness()).reasons.some(({ code }) => code === 'LEDGER_HALTED') ? true : undefined,
  );
const alarms = (code: string): readonly string[] =>
  town.log.filter((line) => line.includes('"level":"warn"') && line.includes(`"${code}"`));

/** What every meter has credited is what the ledger has settled for it, orphans included: nothing lost, nothing doubled. */
async function requireEqualBooks(meters: readonly TownMeter[]): Promise<void> {
  for (const meter of meters) {
    await until(`the books of meter ${meter.meterId} to be equal`, async () => {
      const { settled, open } = await town.ledgerMeter(meter.meterId);
      return meter.credited === BigInt(settled) && open.length === 0 ? true : undefined;
    });
  }
  expect(await town.get('/api/v1/invariants')).toMatchObject({ ok: true });
}

describe('a ledger restored from a backup', () => {
  it(
    'sells nothing to a meter before its key has moved on, finds all that it forgot, and sells again',
    async () => {
      const often = await town.meter();
      const printed = town.meterWithoutPower();
      const unheard = await town.meter();
      const away = town.meterWithoutPower();
      await sell(often);
      const { voucherId: openAtBackup } = await handset.buy(printed.meterId, '300');
      await tapwatt('backup', 'create', backupFile());

      for (let n = 0; n < MANY; n += 1) await sell(often, '100');
      await printed.start();
      await town.voucherIs(openAtBackup, 'REDEEMED');
      unheard.behave(silent);
      const lastWish = handset.ask(wish(unheard, '700'));
      await until('the credit that nobody hears of', () => unheard.credited === 700n || undefined);
      for (const meter of [often, unheard]) meter.device.powerOff();
      unheard.behave({});
      await until('both to be away', () => (often.isUp || unheard.isUp ? undefined : true));
      await town.stopGateway();

      const restored = await tapwatt('backup', 'restore', backupFile());
      await town.startGateway();
      expect(await readiness()).toMatchObject({ state: 'degraded' });
      const first = handset.ask(wish(often, '900'));
      expect(await handset.hears(first, 'refused')).toMatchObject({ code: 'QUARANTINED' });
      expect((await readiness()).reasons.map(({ code }) => code)).toEqual(['QUARANTINED']);

      await often.start();
      await cleared(often, 2);
      expect(await town.ledgerMeter(often.meterId)).toMatchObject({ settled: '1500', orphaned: '1000' });
      handset.send(first.jws);
      await handset.hears(first, 'settled');
      await town.voucherIs(openAtBackup, 'REDEEMED');
      await cleared(printed, 2);

      await unheard.start();
      await cleared(unheard, 2);
      const found = await orphans();
      expect(found.map(({ amount }) => amount).sort()).toContain('1000');
      expect(
        found.filter(({ meterId }) => meterId === unheard.meterId).map(({ amount }) => amount),
      ).toContain('700');
      expect(alarms('VOUCHER_UNKNOWN').length).toBeGreaterThanOrEqual(2);
      // The handset never heard the end of its last wish; the meter has it, so it is not sold twice.
      handset.send(lastWish.jws);
      expect(await handset.hears(lastWish, 'refused')).toMatchObject({ code: 'CONFLICT' });

      await town.stopGateway();
      await town.startGateway();
      expect(await town.ledgerMeter(away.meterId)).toMatchObject({ quarantined: true, restored: 'unread' });
      const late = handset.ask(wish(away));
      expect(await handset.hears(late, 'refused')).toMatchObject({ code: 'QUARANTINED' });
      await away.start();
      await cleared(away, 2);
      await sell(away);
      await requireEqualBooks([often, printed, unheard, away]);
      await until('block count of meters left', async () =>
        (await readiness()).reasons.some(({ message }) => message.includes('2 of 6 meters'))
          ? true
          : undefined,
      );

      // The ledger that was replaced is put back by mistake: its meters have moved on without it.
      await town.stopGateway();
      await rename(ledgerPath(), ledgerPath('ledger.restored'));
      await rename(ledgerPath(String(restored.kept)), ledgerPath());
      await town.startGateway();
      await halted();
      const toOld = handset.ask(wish(away));
      expect(await handset.hears(toOld, 'refused')).toMatchObject({ code: 'LEDGER_HALTED' });
      expect(alarms('LEDGER_HALTED').length).toBeGreaterThanOrEqual(1);
    },
    SLOW_MS,
  );
});

describe('two clones of one ledger', () => {
  /** Lets the other clone run in the place of this one. */
  async function swap(): Promise<void> {
    await town.stopGateway();
    await rename(ledgerPath(), ledgerPath('ledger.swapping'));
    await rename(ledgerPath('ledger.clone'), ledgerPath());
    await rename(ledgerPath('ledger.swapping'), ledgerPath('ledger.clone'));
    await town.startGateway();
  }
  async function clone(): Promise<void> {
    await town.stopGateway();
    await cp(ledgerPath(), ledgerPath('ledger.clone'), { recursive: true });
    await town.startGateway();
  }

  it(
    'are found by a seq that one of them never issued; it stops selling, and nothing is credited twice or lost',
    async () => {
      const [meter, other] = [await town.meter(), await town.meter()];
      await sell(meter);
      await clone();
      await sell(meter, '700');
      await swap();
      await halted();
      expect(await readiness()).toMatchObject({ state: 'degraded' });
      const refused = handset.ask(wish(other));
      expect(await handset.hears(refused, 'refused')).toMatchObject({ code: 'LEDGER_HALTED' });
      expect(alarms('LEDGER_HALTED').length).toBeGreaterThanOrEqual(1);

      const resumed = await tapwatt('ledger', 'resume', '--reason', 'the other copy was stopped');
      expect(resumed).toMatchObject({ restores: 1 });
      await cleared(meter, 2);
      await cleared(other, 2);
      handset.send(refused.jws);
      await handset.hears(refused, 'settled');
      await sell(meter, '200');
      expect(meter.credited).toBe(1_400n);
      const [orphan] = (await tapwatt('ledger', 'orphans')).orphans as readonly OrphanRecord[];
      expect(orphan).toMatchObject({ amount: '700', status: 'RECORDED', remainder: true });
      const about = ['--meter', meter.meterId, '--voucher', orphan?.voucherId ?? '', '--amount', '700'];
      for (const [as, state] of [
        ['discom', 'proposed'],
        ['bank', 'recovered'],
      ] as const) {
        expect(await tapwatt('ledger', 'recover', ...about, '--as', as)).toMatchObject({ state });
      }
      expect((await orphans()).map(({ status }) => status)).toEqual(['RECOVERED']);
      await requireEqualBooks([meter, other]);
    },
    SLOW_MS,
  );

  it(
    'are found by a CONFLICT: the voucher that came second is voided and its money is back',
    async () => {
      const meter = town.meterWithoutPower();
      const before = await town.wallet();
      await clone();
      const first = await handset.buy(meter.meterId, '300');
      await swap();
      const second = await handset.buy(meter.meterId, '400');
      await meter.start();
      await town.voucherIs(second.voucherId, 'REDEEMED');
      await swap();
      await halted();
      await town.voucherIs(first.voucherId, 'VOIDED');
      expect(await town.wallet()).toEqual(before);
      expect(meter.credited).toBe(400n);
      expect(meter.receipts().some(({ result }) => result === RESULT.CONFLICT)).toBe(true);
      expect(alarms('LEDGER_HALTED').length).toBeGreaterThanOrEqual(1);

      await tapwatt('ledger', 'resume', '--reason', 'the other copy was stopped');
      await cleared(meter, 2);
      await sell(meter, '200');
      expect((await orphans()).map(({ amount }) => amount)).toEqual(['400']);
      await requireEqualBooks([meter]);
      expect(await readdir(dataDirectory())).toContain('ledger.clone');
    },
    SLOW_MS,
  );
});
