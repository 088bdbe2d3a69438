import {
  meterId as asMeterId,
  bytesToHex,
  encodeReceipt,
  type ReceiptFields,
  type VoucherId,
} from '@tapwatt/firmware-contracts';
import { beforeEach, expect, test } from 'vitest';
import { Town } from '../testing/town.ts';

let town: Town;
beforeEach(async () => {
  town = await Town.open();
});

const status = async (voucherId: string) => (await town.voucher(voucherId)).status;

/** A receipt with an authentic MAC that says whatever a test wants. */
async function forgedReceipt(voucherId: string, fields: Partial<ReceiptFields>): Promise<string> {
  const keys = town.keysOf('1', 1);
  const receipt: ReceiptFields = {
    result: 0,
    kind: 1,
    clockTrust: 2,
    meterId: asMeterId('1'),
    keyEpoch: 1,
    receiptNo: 1,
    seq: 1,
    voucherId: voucherId as VoucherId,
    credited: 0n,
    balance: 0n,
    cumulativeCredited: 0n,
    hi: 1,
    used: 1n,
    meterTime: 0,
    opening: new Uint8Array(32),
    ...fields,
  };
  return bytesToHex(encodeReceipt(receipt, keys));
}

const opening = (kind: 'fulfil' | 'void', voucherId: string) =>
  town.keysOf('1', 1).opening(kind, voucherId as VoucherId);

test('F redeems an issued voucher and moves its money from hold to the meter', async () => {
  const voucherId = await town.buy('r1');
  const result = await town.settle(await town.credit(voucherId));
  expect(result).toMatchObject({
    outcome: 'redeemed',
    repeated: false,
    meter: { settled: '5000', open: [] },
  });
  expect(await town.voucher(voucherId)).toMatchObject({
    status: 'REDEEMED',
    settledTxId: expect.any(String),
  });
  expect(await town.query('GetWallet', { walletId: 'wallet' })).toMatchObject({
    balance: '95000',
    held: '0',
  });
  expect(await town.violations()).toEqual([]);
});

test('a repeated receipt changes nothing and names the transaction that ended the voucher', async () => {
  const receipt = await town.credit(await town.buy('r1'));
  const { settledTxId } = await town.settle(receipt);
  const before = town.state.entries();
  expect(await town.settle(receipt)).toMatchObject({ outcome: 'redeemed', repeated: true, settledTxId });
  expect(settledTxId).toBeDefined();
  expect(town.state.entries()).toEqual(before);
});

test('V voids a cancelled voucher and gives the money back', async () => {
  const voucherId = await town.buy('r1');
  await town.cancel(voucherId);
  expect(await town.settle(await town.voidAt(voucherId))).toMatchObject({
    outcome: 'voided',
    repeated: false,
  });
  expect(await town.balance()).toBe('100000');
  expect(await town.violations()).toEqual([]);
});

test('F redeems a cancelled voucher too: whichever the meter did first decides', async () => {
  const voucherId = await town.buy('r1');
  await town.credit(voucherId);
  await town.cancel(voucherId);
  expect(await town.settle(await town.voidAt(voucherId))).toMatchObject({ outcome: 'redeemed' });
  expect(await status(voucherId)).toBe('REDEEMED');
});

test('V ends a voucher whose cancel was forgotten', async () => {
  const voucherId = await town.buy('r1');
  expect(await town.settle(await town.voidAt(voucherId))).toMatchObject({ outcome: 'voided' });
  expect(await town.violations()).toEqual([]);
});

test('V proves a release and moves no money again', async () => {
  const voucherId = await town.buy('r1');
  await town.cancel(voucherId);
  await town.release(voucherId);
  const receipt = await town.voidAt(voucherId);
  expect(await town.settle(receipt)).toMatchObject({ outcome: 'released', repeated: false });
  expect(await town.settle(receipt)).toMatchObject({ outcome: 'released', repeated: true });
  expect(await town.balance()).toBe('100000');
  expect(await town.violations()).toEqual([]);
});

test('F after a release redeems it, and the agency owes the money', async () => {
  const voucherId = await town.buy('r1');
  await town.cancel(voucherId);
  await town.release(voucherId);
  expect(await town.settle(await town.credit(voucherId))).toMatchObject({ outcome: 'redeemed' });
  const { lines } = await town.query('GetStatement', { accountId: 'receivable.agency', limit: 10 });
  expect(lines).toMatchObject([{ kind: 'late', debit: '5000', credit: '0' }]);
  expect(await town.balance()).toBe('100000');
  expect(await town.violations()).toEqual([]);
});

test('F after V, and V after F, is a recorded break with one alarm, and nothing moves', async () => {
  const voided = await town.buy('r1');
  await town.settle(await town.voidAt(voided));
  const lie = await forgedReceipt(voided, { opening: opening('fulfil', voided) });
  const items = [{ receipt: lie }];
  const first = await town.outcome('SettleReceipts', { items }, { by: 'gateway' });
  expect(first.result.items).toMatchObject([{ outcome: 'refused', code: 'VOUCHER_STATE' }]);
  expect(first.event).toMatchObject({
    payload: { alarms: [{ what: 'fulfilled-after-void', voucherId: voided }] },
  });
  expect((await town.outcome('SettleReceipts', { items }, { by: 'gateway' })).event).toBeUndefined();
  expect(await status(voided)).toBe('VOIDED');

  const redeemed = await town.buy('r2');
  await town.settle(await town.credit(redeemed));
  await town.settle(
    await forgedReceipt(redeemed, { result: 2, kind: 2, opening: opening('void', redeemed) }),
  );
  expect(await status(redeemed)).toBe('REDEEMED');
  expect((await town.query('ListBreaks', { limit: 10 })).breaks.map(({ what }) => what).sort()).toEqual([
    'fulfilled-after-void',
    'voided-after-fulfilment',
  ]);
  expect(await town.violations()).toEqual([]);
});

test('an opening that proves nothing is refused', async () => {
  const voucherId = await town.buy('r1');
  const receipt = await forgedReceipt(voucherId, { opening: new Uint8Array(32).fill(1) });
  expect(await town.settle(receipt)).toMatchObject({ outcome: 'refused', code: 'BAD_OPENING' });
  const silent = await forgedReceipt(voucherId, {});
  expect(await town.settle(silent)).toMatchObject({ outcome: 'refused', code: 'BAD_OPENING' });
  expect(await status(voucherId)).toBe('ISSUED');
});

test('a refusal by the meter settles nothing and is named', async () => {
  const voucherId = await town.buy('r1', { expiresAt: 5 });
  expect(await town.settle(await town.credit(voucherId))).toMatchObject({
    outcome: 'nothing',
    code: 'EXPIRED',
  });
  expect(await status(voucherId)).toBe('ISSUED');
});

test('a receipt that cannot be read, of a meter unknown or of another meter fails alone', async () => {
  const voucherId = await town.buy('r1');
  const good = await town.credit(voucherId);
  const foreign = `${good.slice(0, 8)}${'0'.repeat(15)}2${good.slice(24)}`;
  const unknown = `${good.slice(0, 8)}${'0'.repeat(15)}9${good.slice(24)}`;
  const items = [
    { receipt: 'ff'.repeat(128) },
    { receipt: 'zz' },
    { receipt: unknown },
    { receipt: foreign },
    { receipt: good },
  ];
  const { items: results } = await town.submit('SettleReceipts', { items }, 'gateway');
  expect(results.map(({ outcome, code }) => code ?? outcome)).toEqual([
    'BAD_FORMAT',
    'BAD_REQUEST',
    'METER_UNKNOWN',
    'WRONG_METER',
    'redeemed',
  ]);
  expect(results[2]?.meter).toBeUndefined();
});

test('a batch posts once to each account, however many vouchers it settles', async () => {
  const receipts: { receipt: string }[] = [];
  for (let n = 0; n < 5; n += 1)
    receipts.push({ receipt: await town.credit(await town.buy(`r${n}`, { amount: '10' })) });
  const before = town.state.entries().length;
  await town.submit('SettleReceipts', { items: receipts }, 'gateway');
  expect(town.state.entries().length - before).toBe(2);
  const { lines } = await town.query('GetStatement', { accountId: 'meter-credit', limit: 10 });
  expect(lines).toMatchObject([{ kind: 'redeem', credit: '50', count: 5 }]);
});

test('CONFLICT without an opening raises an alarm once and cancels the voucher', async () => {
  const voucherId = await town.buy('r1');
  const receipt = await forgedReceipt(voucherId, { result: 24 });
  const first = await town.outcome('SettleReceipts', { items: [{ receipt }] }, { by: 'gateway' });
  expect(first.result.items).toMatchObject([{ outcome: 'nothing', code: 'CONFLICT', repeated: false }]);
  expect(first.event).toMatchObject({
    payload: { alarms: [{ what: 'conflict', meterId: '1', voucherId }, { what: 'halted' }] },
  });
  expect(await status(voucherId)).toBe('CANCELLING');
  expect(await town.settle(receipt)).toMatchObject({ repeated: true });
});

test('CONFLICT of a void order shows V: the money comes back, and the alarm is raised', async () => {
  const voucherId = await town.buy('r1');
  await town.cancel(voucherId);
  const receipt = await forgedReceipt(voucherId, {
    result: 24,
    kind: 2,
    opening: opening('void', voucherId),
  });
  const { result, event } = await town.outcome('SettleReceipts', { items: [{ receipt }] }, { by: 'gateway' });
  expect(result.items).toMatchObject([{ outcome: 'voided' }]);
  expect(event).toMatchObject({ payload: { alarms: [{ what: 'conflict' }, { what: 'halted' }] } });
  expect(await town.balance()).toBe('100000');
  expect(await town.violations()).toEqual([]);
});
