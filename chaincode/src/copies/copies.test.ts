import { encodeQuestion, meterId, type VoucherId } from '@tapwatt/firmware-contracts';
import { beforeEach, expect, test } from 'vitest';
import { Town } from '../testing/town.ts';

/** A town that was restored: meter 1 took vouchers that only the ledger before the restore knows. */
let town: Town;
let lost: Town;
beforeEach(async () => {
  lost = await Town.open();
  town = await Town.open();
});

/** Meter 1 takes so many vouchers of the lost ledger; their receipts reach nobody. */
async function sellElsewhere(count: number, amount = '100'): Promise<string[]> {
  const receipts: string[] = [];
  for (let n = 0; n < count; n += 1) {
    receipts.push(await lost.credit(await lost.buy(`lost-${n}`, { amount })));
  }
  takeBoard();
  return receipts;
}

/** Meter 1 as the lost ledger left it. */
function takeBoard(): void {
  const meter = lost.meters.get('1');
  if (meter === undefined) throw new Error('the lost town has no meter 1');
  town.meters.set('1', meter);
}

const meterOne = async () => {
  const meter = await town.query('GetMeter', { meterId: '1' });
  if (meter === null) throw new Error('no meter 1');
  return meter;
};
const ledger = () => town.query('GetLedger', {});
const orphans = async () => (await town.query('ListOrphans', { limit: 50 })).orphans;

test('after a restore nothing is issued for a meter, and the refusal is not for ever', async () => {
  await town.recordRestore();
  expect(await ledger()).toMatchObject({ restores: 1, restored: { number: 1 } });
  expect(await meterOne()).toMatchObject({ quarantined: true, quarantine: 'restored', restored: 'unread' });
  const item = await town.proposal({ requestId: 'r1' });
  expect(await town.issueItem(item)).toMatchObject({ ok: false, code: 'QUARANTINED', final: false });
  expect(await town.query('GetRequest', { kid: 'phone', requestId: 'r1' })).toBeNull();
  await town.read('1');
  await town.renewKey('1', 'o1');
  expect(await town.issue({ requestId: 'r1' })).toMatchObject({ ok: true });
});

test('a request that was answered before the restore point still has its answer in quarantine', async () => {
  const item = await town.proposal({ requestId: 'r1' });
  const first = await town.issueItem(item);
  await town.recordRestore();
  expect(await town.issueItem(item)).toEqual({ ...first, repeated: true });
});

test('a meter is cleared by C of an order that came after the restore, after it was read and owed no answer', async () => {
  const open = await town.buy('r1');
  await town.recordRestore();
  await expect(town.endEpoch('RotateMeterKey', '1', 'o1')).rejects.toMatchObject({ code: 'METER_STATE' });
  await town.read('1');
  expect(await meterOne()).toMatchObject({ restored: 'read' });
  await expect(town.endEpoch('RotateMeterKey', '1', 'o1')).rejects.toMatchObject({ code: 'METER_STATE' });
  await town.settle(await town.credit(open));
  expect(await town.renewKey('1', 'o1')).toMatchObject({ outcome: 'epoch-ended' });
  expect(await meterOne()).toMatchObject({ quarantined: false, keyEpoch: 2, nextSeq: 1 });
  expect((await meterOne()).restored).toBeUndefined();
  expect((await town.query('GetMeter', { meterId: '2' }))?.restored).toBe('unread');
  expect(await town.violations()).toEqual([]);
});

test('an order from before the restore moves the epoch and clears nothing', async () => {
  const orderId = await town.endEpoch('RotateMeterKey', '1', 'o1');
  await town.recordRestore();
  await town.read('1');
  await town.settle(town.show('1', await town.sealOrder(orderId)));
  expect(await meterOne()).toMatchObject({ keyEpoch: 2, restored: 'read' });
  await town.renewKey('1', 'o2');
  expect(await meterOne()).toMatchObject({ keyEpoch: 3, quarantined: false });
});

test('a status older than the newest receipt tells the epoch of a meter in quarantine, and none of its figures', async () => {
  const before = town.status('1');
  await town.settle(await town.credit(await town.buy('r1')));
  const { seen } = await meterOne();
  await town.recordRestore();
  await town.submit('RecordMeter', { status: before }, 'gateway');
  expect(await meterOne()).toMatchObject({ restored: 'read', quarantine: 'restored', seen });
  await town.renewKey('1', 'o1');
  expect(await meterOne()).toMatchObject({ quarantined: false, keyEpoch: 2 });
});

test('a second restore begins all over', async () => {
  await town.recordRestore();
  await town.read('1');
  const orderId = await town.endEpoch('RotateMeterKey', '1', 'o1');
  await town.recordRestore();
  await town.settle(town.show('1', await town.sealOrder(orderId)));
  expect(await meterOne()).toMatchObject({ restored: 'unread' });
});

test('credit whose receipts never come is found in the register, recorded once and booked by two people', async () => {
  await sellElsewhere(12);
  await town.recordRestore();
  await town.read('1');
  expect(await town.violations()).toEqual([]);
  await town.renewKey('1', 'o1');
  expect(await meterOne()).toMatchObject({ settled: '1200', orphaned: '1200', quarantined: false });
  const [remainder] = await orphans();
  expect(remainder).toMatchObject({ amount: '1200', status: 'RECORDED', remainder: true });
  const voucherId = remainder?.voucherId ?? '';
  for (const by of ['discom', 'bank']) {
    await town.submit('RecoverOrphan', { meterId: '1', voucherId, amount: '1200' }, by);
  }
  expect(await town.violations()).toEqual([]);
  expect((await ledger())?.halted).toBeUndefined();
});

test('a meter that answers a question instead of saying its status is read, and the register that counts is that with C', async () => {
  await town.read('1');
  await sellElsewhere(3);
  await town.recordRestore();
  const nonce = 'ab'.repeat(16) as VoucherId;
  const question = encodeQuestion({ meterId: meterId('1'), keyEpoch: 1, nonce });
  expect(await town.settle(town.show('1', question))).toMatchObject({ outcome: 'nothing', code: 'BAD_MAC' });
  await town.renewKey('1', 'o1');
  expect(await meterOne()).toMatchObject({ settled: '300', orphaned: '300', quarantined: false });
  expect(await town.violations()).toEqual([]);
});

test('a receipt that comes after its money was counted in the register takes it out of there', async () => {
  const receipts = await sellElsewhere(3);
  await town.recordRestore();
  await town.settle(receipts[0] ?? '');
  await town.read('1');
  await town.renewKey('1', 'o1');
  expect((await orphans()).map(({ amount }) => amount).sort()).toEqual(['100', '200']);
  await town.settle(receipts[1] ?? '');
  expect((await orphans()).map(({ amount }) => amount).sort()).toEqual(['100', '100', '100']);
  await town.settle(receipts[2] ?? '');
  const all = await orphans();
  expect(all.find(({ remainder }) => remainder)).toMatchObject({ amount: '0', status: 'NOTHING' });
  expect(await meterOne()).toMatchObject({ settled: '300', orphaned: '300', orphans: 4 });
  expect(await town.violations()).toEqual([]);
  expect((await ledger())?.halted).toBeUndefined();
});

test('the end of an epoch shows what another copy sold in it: the ledger halts, and the credit is found', async () => {
  await sellElsewhere(2, '300');
  await town.renewKey('1', 'o1');
  expect((await ledger())?.halted).toMatchObject({ meterId: '1', what: 'ledger-behind' });
  expect(await meterOne()).toMatchObject({
    keyEpoch: 2,
    settled: '600',
    orphaned: '600',
    quarantined: false,
  });
  expect(await town.violations()).toEqual([]);
});

test('a repeated C does not count what another copy sold in the epoch after it as sold before', async () => {
  const orderId = await lost.endEpoch('RotateMeterKey', '1', 'o1');
  expect(await town.endEpoch('RotateMeterKey', '1', 'o1')).toBe(orderId);
  await lost.settle(lost.show('1', await lost.sealOrder(orderId)));
  const [receipt = ''] = await sellElsewhere(1);
  await town.read('1');
  expect(await meterOne()).toMatchObject({ keyEpoch: 2, quarantine: 'ledger-behind' });
  await town.settle(town.show('1', await town.sealOrder(orderId)));
  await town.settle(receipt);
  expect(await meterOne()).toMatchObject({ settled: '100', orphaned: '100' });
  expect(await town.violations()).toEqual([]);
});

test('a receipt that comes after its money was booked is counted there and not again', async () => {
  const [receipt = ''] = await sellElsewhere(1);
  await town.recordRestore();
  await town.read('1');
  await town.renewKey('1', 'o1');
  const [remainder] = await orphans();
  const about = { meterId: '1', voucherId: remainder?.voucherId ?? '', amount: '100' };
  for (const by of ['discom', 'bank']) await town.submit('RecoverOrphan', about, by);
  await town.settle(receipt);
  expect((await orphans()).find(({ partOf }) => partOf !== undefined)).toMatchObject({
    amount: '0',
    status: 'NOTHING',
    partOf: about.voucherId,
  });
  expect(await town.violations()).toEqual([]);
});

test('what a released voucher hid from a remainder is counted with its own receipt, though the remainder was booked', async () => {
  const released = await town.buy('r1', { amount: '100' });
  await lost.buy('r1', { amount: '100' });
  await town.cancel(released);
  await town.release(released);
  const receipts = await sellElsewhere(2, '300');
  await town.recordRestore();
  await town.read('1');
  await town.renewKey('1', 'o1');
  const [remainder] = await orphans();
  const about = { meterId: '1', voucherId: remainder?.voucherId ?? '', amount: '500' };
  expect(remainder).toMatchObject({ amount: about.amount, remainder: true });
  for (const by of ['discom', 'bank']) await town.submit('RecoverOrphan', about, by);
  for (const receipt of receipts) await town.settle(receipt);
  await town.settle(await town.voidAt(released));
  expect(await meterOne()).toMatchObject({ settled: '600', orphaned: '600', unproven: '0' });
  const found = (await orphans()).filter(({ partOf }) => partOf === about.voucherId);
  expect(found.map(({ amount, status }) => `${amount} ${status}`).sort()).toEqual([
    '0 NOTHING',
    '100 RECORDED',
  ]);
  expect(await town.violations()).toEqual([]);
});

test('a request whose forgotten voucher has shown itself is not issued again in the new epoch', async () => {
  const [receipt = ''] = await sellElsewhere(1, '5000');
  await town.recordRestore();
  await town.settle(receipt);
  await town.read('1');
  await town.renewKey('1', 'o1');
  // The handset says the very same again: the bytes are the lost town's, the key is this town's.
  expect(await town.issue({ requestId: 'lost-0', amount: '5000' })).toMatchObject({
    code: 'CONFLICT',
    final: true,
  });
  expect(await town.issue({ requestId: 'another', amount: '5000' })).toMatchObject({ ok: true });
});

test('a closed meter only needs to be read', async () => {
  await sellElsewhere(1);
  await lost.settle(lost.show('1', await lost.sealOrder(await lost.endEpoch('CloseMeter', '1', 'o1'))));
  takeBoard();
  await town.recordRestore();
  await town.submit('RecordMeter', { status: statusWith(town.status('1'), 0x40) }, 'gateway');
  expect(await meterOne()).toMatchObject({ closed: true, quarantined: false, settled: '100' });
  expect(await town.violations()).toEqual([]);
});

/** The frame's MAC is the gateway's to check. */
const statusWith = (frame: string, bits: number): string =>
  frame.slice(0, 2) +
  (Number.parseInt(frame.slice(2, 4), 16) | bits).toString(16).padStart(2, '0') +
  frame.slice(4);

test('an order that its meter refuses in quarantine is given again for the epoch that the meter is in', async () => {
  await lost.renewKey('1', 'elsewhere');
  await town.recordRestore();
  await town.read('1');
  const early = await town.endEpoch('RotateMeterKey', '1', 'o1');
  takeBoard();
  const receipt = town.show('1', await town.sealOrder(early));
  await town.submit('WithdrawOrder', { meterId: '1', receipt }, 'gateway');
  expect(await meterOne()).toMatchObject({ keyEpoch: 2, restored: 'read' });
  await town.renewKey('1', 'o2');
  expect(await meterOne()).toMatchObject({ keyEpoch: 3, quarantined: false });
  expect((await ledger())?.halted).toBeUndefined();
});

test.each([
  [
    'a receipt for a voucher that it does not know',
    async () => void (await town.settle((await sellElsewhere(1))[0] ?? '')),
  ],
  [
    'a status with a seq that it never issued',
    async () => void (await sellElsewhere(1).then(() => town.read('1'))),
  ],
  [
    'a status of an epoch that another copy began',
    async () => {
      await lost.renewKey('1', 'elsewhere');
      takeBoard();
      await town.read('1');
    },
  ],
])('a ledger that was not restored stops issuing to all at %s', async (_what, happens) => {
  await happens();
  expect((await ledger())?.halted).toMatchObject({ meterId: '1' });
  expect(await town.issue({ requestId: 'r1', meterId: '2' })).toMatchObject({
    code: 'LEDGER_HALTED',
    final: false,
  });
  await expect(town.submit('CloseWallet', { walletId: 'wallet' })).rejects.toMatchObject({
    code: 'LEDGER_HALTED',
  });
  await town.resume(true);
  expect(await town.issue({ requestId: 'r1', meterId: '2' })).toMatchObject({ code: 'QUARANTINED' });
  await town.read('2');
  await town.renewKey('2', 'o1');
  expect(await town.issue({ requestId: 'r1', meterId: '2' })).toMatchObject({ ok: true });
  expect((await ledger())?.halted).toBeUndefined();
});

test('what a meter shows of another copy in an epoch begun after the restore halts the ledger', async () => {
  await town.recordRestore();
  await town.read('1');
  await town.renewKey('1', 'o1');
  await lost.renewKey('1', 'o1');
  await sellElsewhere(1);
  await town.read('1');
  expect((await ledger())?.halted).toMatchObject({ what: 'ledger-behind', meterId: '1' });
});

test('a suspended meter halts nobody, and one finding halts once', async () => {
  const [receipt = ''] = await sellElsewhere(1);
  await town.read('1');
  await town.submit('Suspend', { meterId: '1', suspended: true, reason: 'it lies' });
  await town.resume();
  await town.read('1');
  await town.settle(receipt);
  expect((await ledger())?.halted).toBeUndefined();
  await expect(town.resume()).rejects.toMatchObject({ code: 'LEDGER_NOT_HALTED' });
});

/** A sealed voucher of meter 1 that only the lost ledger sold, in the epoch that the meter is in. */
const soldElsewhere = async (requestId = 'elsewhere') => lost.seal(await lost.buy(requestId));

test('a ledger that was not restored stops issuing to all at a voucher that it never sold, and says once why', async () => {
  const frame = await soldElsewhere();
  expect(await town.bring(frame)).toEqual({
    known: false,
    alarms: [{ what: 'halted', meterId: '1', voucherId: expect.any(String) }],
  });
  expect((await ledger())?.halted).toMatchObject({ what: 'unknown-voucher', meterId: '1' });
  expect(await town.issue({ requestId: 'r1', meterId: '2' })).toMatchObject({
    code: 'LEDGER_HALTED',
    message: 'A voucher for meter 1 showed another copy of this ledger (unknown-voucher).',
  });
  expect(await town.bring(frame)).toEqual({ known: false });
  expect(await town.violations()).toEqual([]);
});

test('a voucher that a handset shows is no news to the ledger that sold it, whatever became of it', async () => {
  const voucherId = await town.buy('r1');
  const frame = await town.seal(voucherId);
  expect(await town.bring(frame)).toEqual({ known: true });
  await town.settle(await town.credit(voucherId));
  expect(await town.bring(frame)).toEqual({ known: true });
  expect((await ledger())?.halted).toBeUndefined();
});

test('a voucher whose receipt is here as an orphan was evidence already', async () => {
  const frame = await soldElsewhere();
  await town.settle(town.show('1', frame));
  await town.resume();
  expect(await town.bring(frame)).toEqual({ known: true });
  expect((await ledger())?.halted).toBeUndefined();
});

test('a voucher for a suspended meter halts nobody, for its keys forge it', async () => {
  await town.submit('Suspend', { meterId: '1', suspended: true, reason: 'it lies' });
  expect(await town.bring(await soldElsewhere())).toEqual({ known: false });
  expect((await ledger())?.halted).toBeUndefined();
});

test('a restore explains an unknown voucher, of whatever epoch, until its meter is cleared, and then those of the epochs before', async () => {
  const early = await soldElsewhere('early');
  await lost.renewKey('1', 'elsewhere');
  const late = await soldElsewhere('late');
  await town.recordRestore();
  for (const frame of [early, late]) expect(await town.bring(frame)).toEqual({ known: false });
  takeBoard();
  await town.read('1');
  await town.renewKey('1', 'o1');
  expect(await meterOne()).toMatchObject({ quarantined: false, keyEpoch: 3 });
  for (const frame of [early, late]) expect(await town.bring(frame)).toEqual({ known: false });
  expect((await ledger())?.halted).toBeUndefined();
});

test('a voucher of an epoch begun after the restore, which this ledger did not sell, halts it', async () => {
  await town.recordRestore();
  await town.read('1');
  await town.renewKey('1', 'o1');
  await lost.renewKey('1', 'o1');
  expect(await town.bring(await soldElsewhere())).toMatchObject({ alarms: [{ what: 'halted' }] });
  expect((await ledger())?.halted).toMatchObject({ what: 'unknown-voucher', meterId: '1' });
});

test('what is no credit, or for a meter that nobody registered, is evidence of nothing', async () => {
  const refused = async (frame: Uint8Array, code: string) =>
    expect(town.bring(frame)).rejects.toMatchObject({ code });
  await refused(new Uint8Array(72), 'BAD_FORMAT');
  await refused(await lost.sealOrder(await lost.endEpoch('RotateMeterKey', '1', 'o1')), 'BAD_REQUEST');
  await lost.addMeter('3');
  await refused(await lost.seal(await lost.buy('r3', { meterId: '3' })), 'METER_UNKNOWN');
  expect((await ledger())?.halted).toBeUndefined();
});

test('a new board shows nothing of another copy', async () => {
  const board = lost.meters.get('1');
  const { record } = board ?? {};
  if (board === undefined || record === undefined) throw new Error('no board');
  town.meters.set('1', { ...board, record: { ...record, keyEpoch: 4 } });
  await town.read('1');
  expect(await meterOne()).toMatchObject({ quarantine: 'ledger-behind', keyEpoch: 4 });
  expect((await ledger())?.halted).toBeUndefined();
});
