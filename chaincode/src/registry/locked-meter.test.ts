import { meterId as asMeterId, provisionMeter } from '@tapwatt/firmware-contracts';
import { beforeEach, expect, test } from 'vitest';
import { Town } from '../testing/town.ts';

let town: Town;
beforeEach(async () => {
  town = await Town.open();
});

function loseMemory(): void {
  town.meters.set('1', { ...meterState(), record: undefined });
}

function meterState() {
  const meter = town.meters.get('1');
  if (meter === undefined) throw new Error('no meter 1');
  return meter;
}

function provisionAgain(keyEpoch: number, cumulativeCredited: bigint): void {
  const { root } = meterState();
  const meterId = asMeterId('1');
  town.meters.set(
    '1',
    provisionMeter({ meterId, root, keyEpoch, balanceLimit: 10n ** 12n, cumulativeCredited }),
  );
}

const lift = () => town.submit('Suspend', { meterId: '1', suspended: false, reason: 'provisioned again' });
const meterOne = () => town.query('GetMeter', { meterId: '1' });

test('a locked meter comes back: provisioned again, heard, lifted, what it owed released', async () => {
  await town.settle(await town.credit(await town.buy('r1')));
  const lost = await town.buy('r2');
  loseMemory();
  await town.read('1');
  expect(await meterOne()).toMatchObject({ keyEpoch: 1, quarantine: 'locked' });
  provisionAgain(2, BigInt((await town.voucher(lost)).amount));
  await town.read('1');
  expect(await meterOne()).toMatchObject({ keyEpoch: 2, quarantine: 'locked' });
  expect(await town.issue({ requestId: 'r3' })).toMatchObject({ code: 'METER_STATE' });
  await lift();
  await town.read('1');
  expect((await meterOne())?.quarantine).toBeUndefined();
  expect((await town.voucher(lost)).status).toBe('CANCELLING');
  await town.release(lost);
  expect(await town.settle(await town.credit(await town.buy('r4')))).toMatchObject({ outcome: 'redeemed' });
  expect(await town.renewKey('1', 'o1')).toMatchObject({ outcome: 'epoch-ended' });
  expect(await town.violations()).toEqual([]);
});

test('lifted before it was heard, it is in quarantine again for what it shows then', async () => {
  await town.settle(await town.credit(await town.buy('r1')));
  await town.read('1');
  loseMemory();
  await town.read('1');
  await lift();
  provisionAgain(2, 0n);
  await town.read('1');
  expect((await meterOne())?.quarantine).toBe('register-fell');
  await lift();
  await town.read('1');
  expect(await meterOne()).toMatchObject({ keyEpoch: 2, quarantined: false });
});

test('beside a pending order, the epoch after that order’s shows that it is another one', async () => {
  await town.endEpoch('RotateMeterKey', '1', 'o1');
  loseMemory();
  await town.read('1');
  provisionAgain(2, 0n);
  await town.read('1');
  expect(await meterOne()).toMatchObject({ keyEpoch: 1 });
  provisionAgain(3, 0n);
  await town.read('1');
  expect(await meterOne()).toMatchObject({ keyEpoch: 3, quarantine: 'locked' });
});
