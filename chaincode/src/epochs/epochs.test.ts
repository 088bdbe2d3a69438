import { provisionMeter } from '@tapwatt/firmware-contracts';
import { beforeEach, expect, test } from 'vitest';
import { Town } from '../testing/town.ts';

let town: Town;
beforeEach(async () => {
  town = await Town.open();
});

const meterOne = async () => {
  const meter = await town.query('GetMeter', { meterId: '1' });
  if (meter === null) throw new Error('no meter 1');
  return meter;
};
const rotate = (requestId: string) => town.endEpoch('RotateMeterKey', '1', requestId);
const answerTo = async (orderId: string) => town.show('1', await town.sealOrder(orderId));
const record = async () => town.outcome('RecordMeter', { status: town.status('1') }, { by: 'gateway' });

test('an ordered end of the epoch stops issuing at once; C starts the next epoch', async () => {
  const orderId = await rotate('o1');
  expect((await meterOne()).order).toMatchObject({ kind: 6, voucherId: orderId, keyEpoch: 1 });
  expect(await town.issue({ requestId: 'r1' })).toMatchObject({ code: 'METER_STATE' });
  const receipt = await answerTo(orderId);
  expect(await town.settle(receipt)).toMatchObject({ outcome: 'epoch-ended', repeated: false });
  expect(await town.settle(receipt)).toMatchObject({ outcome: 'epoch-ended', repeated: true });
  expect(await meterOne()).toMatchObject({ keyEpoch: 2, nextSeq: 1, floorSeq: 1 });
  expect((await meterOne()).order).toBeUndefined();
  expect(await town.settle(await town.credit(await town.buy('r2')))).toMatchObject({ outcome: 'redeemed' });
  expect(await town.violations()).toEqual([]);
});

test('the same signed order is one order; a second one waits for the first', async () => {
  const request = await town.endEpochRequest('RotateMeterKey', '1', { requestId: 'o1' });
  const first = await town.submit('RotateMeterKey', request, 'gateway');
  expect(await town.submit('RotateMeterKey', request, 'gateway')).toEqual({ ...first, repeated: true });
  await expect(rotate('o2')).rejects.toMatchObject({ code: 'ORDER_PENDING' });
});

test('vouchers open when an epoch ends are cancelled, stay listed and end by F or V only', async () => {
  const credited = await town.buy('r1');
  const open = await town.buy('r2');
  const early = await town.credit(credited);
  await town.settle(await answerTo(await rotate('o1')));
  expect((await town.voucher(open)).status).toBe('CANCELLING');
  expect((await meterOne()).open.map(({ voucherId }) => voucherId)).toEqual([credited, open]);
  await expect(rotate('o2')).rejects.toMatchObject({ code: 'METER_STATE' });
  const third = await town.buy('r3');
  expect((await meterOne()).floorSeq).toBe(1);
  expect(await town.settle(early)).toMatchObject({ outcome: 'redeemed' });
  expect(await town.settle(await town.voidAt(open))).toMatchObject({ outcome: 'voided' });
  await town.settle(await answerTo(await rotate('o3')));
  expect((await town.voucher(third)).status).toBe('CANCELLING');
  expect(await town.violations()).toEqual([]);
});

test('a closed meter takes no voucher any more, and voids what was open', async () => {
  const open = await town.buy('r1');
  await town.settle(await answerTo(await town.endEpoch('CloseMeter', '1', 'o1')));
  expect(await meterOne()).toMatchObject({ closed: true, keyEpoch: 2 });
  expect(await town.issue({ requestId: 'r2' })).toMatchObject({ code: 'METER_STATE' });
  await expect(rotate('o2')).rejects.toMatchObject({ code: 'METER_STATE' });
  expect(await town.settle(await town.voidAt(open))).toMatchObject({ outcome: 'voided' });
});

test('only the utility closes a meter; a gateway may renew keys', async () => {
  const close = await town.endEpochRequest('CloseMeter', '1', { requestId: 'o1', by: 'gateway' });
  await expect(town.submit('CloseMeter', close, 'gateway')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  const renew = await town.endEpochRequest('RotateMeterKey', '1', { requestId: 'o2', by: 'gateway' });
  expect(await town.submit('RotateMeterKey', renew, 'gateway')).toMatchObject({ repeated: false });
});

test('an order for an epoch gone by, or with a foreign voucher id, is refused', async () => {
  const request = await town.endEpochRequest('RotateMeterKey', '1', { requestId: 'o1' });
  await expect(town.submit('RotateMeterKey', { ...request, keyEpoch: 2 }, 'gateway')).rejects.toMatchObject({
    code: 'SEQ_NOT_NEXT',
  });
  const forged = { ...request, voucherId: '0'.repeat(32) };
  await expect(town.submit('RotateMeterKey', forged, 'gateway')).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  });
});

test('an order that its meter refused is withdrawn, and the meter’s own epoch taken over', async () => {
  const orderId = await rotate('o1');
  const meter = town.meters.get('1');
  if (meter === undefined) throw new Error('no meter');
  const { meterId, root } = meter;
  town.meters.set('1', provisionMeter({ meterId, root, keyEpoch: 5, balanceLimit: 10n ** 9n }));
  const receipt = await answerTo(orderId);
  expect(await town.settle(receipt)).toMatchObject({ outcome: 'nothing', code: 'BAD_EPOCH' });
  const request = { meterId: '1', receipt };
  expect(await town.submit('WithdrawOrder', request, 'gateway')).toMatchObject({
    voucherId: orderId,
    repeated: false,
    meter: { keyEpoch: 5, nextSeq: 1 },
  });
  expect(await town.submit('WithdrawOrder', request, 'gateway')).toMatchObject({ repeated: true });
  expect(await town.settle(await town.credit(await town.buy('r1')))).toMatchObject({ outcome: 'redeemed' });
});

test('a receipt that refuses nothing withdraws nothing', async () => {
  const voucherId = await town.buy('r1');
  const receipt = await town.credit(voucherId);
  await expect(town.submit('WithdrawOrder', { meterId: '1', receipt }, 'gateway')).rejects.toMatchObject({
    code: 'ORDER_UNKNOWN',
  });
  const applied = await answerTo(await rotate('o1'));
  await expect(
    town.submit('WithdrawOrder', { meterId: '1', receipt: applied }, 'gateway'),
  ).rejects.toMatchObject({ code: 'BAD_REQUEST' });
});

test('C shown after its order was withdrawn still moves the epoch', async () => {
  const orderId = await rotate('o1');
  const taken = town.meters.get('1');
  const frame = await town.sealOrder(orderId);
  const proof = town.show('1', frame);
  // The gateway hears another order's CONFLICT first: a fork of this ledger had ended the epoch.
  const fork = await Town.open();
  if (taken !== undefined) fork.meters.set('1', taken);
  fork.show('1', await fork.sealOrder(await fork.endEpoch('RotateMeterKey', '1', 'fork')));
  const conflict = fork.show('1', frame);
  expect(await town.submit('WithdrawOrder', { meterId: '1', receipt: conflict }, 'gateway')).toMatchObject({
    meter: { keyEpoch: 2, quarantined: true },
  });
  expect(await town.settle(proof)).toMatchObject({ outcome: 'epoch-ended' });
  expect(await meterOne()).toMatchObject({ keyEpoch: 2, closed: false });
});

test('a status with a register or number that falls puts the meter in quarantine, with one alarm', async () => {
  await town.settle(await town.credit(await town.buy('r1')));
  const before = town.meters.get('1');
  await town.settle(await town.credit(await town.buy('r2')));
  expect((await record()).result).toMatchObject({ meter: { quarantined: false } });
  if (before !== undefined) town.meters.set('1', before);
  const { result, event } = await record();
  expect(result).toMatchObject({ changed: true, meter: { quarantined: true } });
  expect(event).toMatchObject({ payload: { alarms: [{ what: 'register-fell', meterId: '1' }] } });
  expect((await record()).event).toBeUndefined();
  expect(await town.issue({ requestId: 'r3' })).toMatchObject({ code: 'METER_STATE' });
  await town.submit('Suspend', { meterId: '1', suspended: false, reason: 'board checked' });
  expect(await meterOne()).toMatchObject({ quarantined: false });
});

test('a LOCKED meter is quarantined', async () => {
  const meter = town.meters.get('1');
  if (meter !== undefined) town.meters.set('1', { ...meter, record: undefined });
  expect((await record()).result).toMatchObject({ meter: { quarantined: true } });
});

test('a meter ahead of its ledger is quarantined until the epoch it shows has ended', async () => {
  const fork = await Town.open();
  await fork.credit(await fork.buy('elsewhere'));
  const ahead = fork.meters.get('1');
  if (ahead !== undefined) town.meters.set('1', ahead);
  expect((await record()).event).toMatchObject({
    payload: { alarms: [{ what: 'halted' }, { what: 'ledger-behind' }] },
  });
  expect(await meterOne()).toMatchObject({ quarantine: 'ledger-behind', nextSeq: 1 });
  await town.submit('Suspend', { meterId: '1', suspended: false, reason: 'impatience' });
  expect(await meterOne()).toMatchObject({ quarantined: true });
  await town.settle(await answerTo(await rotate('o1')));
  expect(await meterOne()).toMatchObject({ keyEpoch: 2, quarantined: false });
});

test('a status that says nothing new writes nothing', async () => {
  await record();
  expect((await record()).result).toMatchObject({ changed: false });
});

test('what is open from an ended epoch does not hold the floor of the new one down', async () => {
  await town.buy('r1');
  await town.settle(await answerTo(await rotate('o1')));
  for (const requestId of ['r2', 'r3']) await town.settle(await town.credit(await town.buy(requestId)));
  expect(await meterOne()).toMatchObject({ keyEpoch: 2, nextSeq: 3, floorSeq: 3 });
  expect((await town.voucher(await town.buy('r4'))).floorSeq).toBe(3);
});
