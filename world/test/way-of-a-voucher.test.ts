import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeAcknowledgement, decodeVoucher, hexToBytes, RESULT } from '@tapwatt/firmware-contracts';
import { silent } from '@tapwatt/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTown, type RawHandset, type Town } from './town.ts';
import { until } from './until.ts';

let directory: string;
let town: Town;
let handset: RawHandset;
let other: RawHandset;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  town = await openTown({ directory, meters: 16, handsets: 2 });
  handset = await town.handset();
  other = await town.handset();
});
afterAll(async () => {
  await town?.close();
  await rm(directory, { recursive: true, force: true });
});

const wish = (meterId: string, deliver: boolean, amount = '500') =>
  ({ op: 'issue', walletId: 'wallet-1', meterId, amount, deliver }) as const;

describe('a voucher that the gateway delivers itself', () => {
  it('is issued, on the meter and settled under one request, and its receipt is acknowledged', async () => {
    const meter = await town.meter();
    const before = await town.wallet();
    const sent = handset.ask(wish(meter.meterId, true));
    const settled = await handset.hears(sent, 'settled');
    const statuses = handset.resultsOf(sent).map(({ status }) => status);
    expect(statuses).toEqual(['issued', 'accepted', 'on-meter', 'settled']);
    const [issued] = handset.resultsOf(sent);
    const onMeter = await handset.hears(sent, 'on-meter');
    expect(new Set(handset.resultsOf(sent).map(({ voucherId }) => voucherId)).size).toBe(1);
    expect(decodeVoucher(hexToBytes(issued?.voucher ?? ''))).toMatchObject({
      fields: { amount: 500n, seq: 1 },
    });
    expect(hexToBytes(onMeter.receipt ?? '')).toEqual(meter.said('rcpt').at(-1));
    expect(await town.voucher(settled.voucherId ?? '')).toMatchObject({
      status: 'REDEEMED',
      settledTxId: settled.txId,
    });
    expect(meter.credited).toBe(500n);
    await until('the acknowledgement', () => meter.acknowledged === 1 || undefined);
    const after = await town.wallet();
    expect(BigInt(before.balance) - BigInt(after.balance)).toBe(500n);
    expect(after.held).toBe(before.held);
  });
});

describe('a voucher that a handset carries', () => {
  it('waits in the hold while its meter is away, and is on the meter and settled when that is back', async () => {
    const meter = town.meterWithoutPower();
    const issue = handset.ask(wish(meter.meterId, false));
    const { voucherId = '', voucher = '' } = await handset.hears(issue, 'issued');
    expect(await town.voucher(voucherId)).toMatchObject({ status: 'ISSUED' });
    expect(BigInt((await town.wallet()).held)).toBeGreaterThanOrEqual(500n);
    await meter.start();
    const redeem = other.ask({ op: 'redeem', voucher });
    await other.hears(redeem, 'settled');
    // The gateway shows it to the meter by itself too, so it may have got further before it is asked.
    const told = other.resultsOf(redeem).map(({ status }) => status);
    expect(told).toEqual(['accepted', 'on-meter', 'settled'].slice(-told.length));
    expect(meter.credited).toBe(500n);
    await until('the acknowledgement', () => meter.acknowledged === 1 || undefined);
  });

  it('is the same 72 bytes however often the same request asks for it', async () => {
    const meter = town.meterWithoutPower();
    const sent = handset.ask(wish(meter.meterId, false));
    const first = await handset.hears(sent, 'issued');
    handset.send(sent.jws);
    const [, again] = await until('the second answer', () => {
      const results = handset.resultsOf(sent);
      return results.length > 1 ? results : undefined;
    });
    expect(again).toMatchObject({ status: 'issued', voucherId: first.voucherId, voucher: first.voucher });
    expect(await town.ledgerMeter(meter.meterId)).toMatchObject({ nextSeq: 2 });
  });

  it('tells a handset that asks again after the end how it ended', async () => {
    const meter = await town.meter();
    const { voucher } = await handset.buy(meter.meterId);
    const redeem = handset.ask({ op: 'redeem', voucher });
    const settled = await handset.hears(redeem, 'settled');
    const heard = handset.resultsOf(redeem).length;
    handset.send(redeem.jws);
    const again = await until('the second answer', () => handset.resultsOf(redeem).at(heard));
    expect(again).toMatchObject({ status: 'settled', txId: settled.txId });
    expect(await other.askUntil({ op: 'redeem', voucher }, 'settled')).toMatchObject({ txId: settled.txId });
    expect(meter.receipts().filter(({ result }) => result === RESULT.APPLIED)).toHaveLength(1);
  });
});

describe('a cancel', () => {
  it('before the credit carries a void order to the meter and brings the money back', async () => {
    const meter = await town.meter();
    const before = await town.wallet();
    const { voucherId, voucher } = await handset.buy(meter.meterId);
    const cancel = handset.ask({ op: 'cancel', voucherId });
    const voided = await handset.hears(cancel, 'voided');
    expect(handset.resultsOf(cancel).map(({ status }) => status)).toEqual(['cancelling', 'voided']);
    expect(hexToBytes(voided.receipt ?? '')).toEqual(meter.said('rcpt').at(-1));
    expect(await town.voucher(voucherId)).toMatchObject({ status: 'VOIDED', settledTxId: voided.txId });
    expect(await town.wallet()).toEqual(before);
    expect(await other.askUntil({ op: 'redeem', voucher }, 'voided')).toMatchObject({ voucherId });
    expect(meter.credited).toBe(0n);
  });

  it('after the credit answers redeemed, and the money stays where it is', async () => {
    const meter = await town.meter();
    const issue = handset.ask(wish(meter.meterId, true));
    const { voucherId, txId } = await handset.hears(issue, 'settled');
    const before = await town.wallet();
    expect(await handset.askUntil({ op: 'cancel', voucherId }, 'redeemed')).toMatchObject({ txId });
    expect(await town.wallet()).toEqual(before);
    expect(meter.credited).toBe(500n);
  });

  it('that comes while the meter has credited and not yet said so ends as redeemed', async () => {
    const meter = await town.meter();
    meter.behave(silent);
    const { voucherId, voucher } = await handset.buy(meter.meterId);
    const redeem = handset.ask({ op: 'redeem', voucher });
    await handset.hears(redeem, 'accepted');
    await until('the credit', () => meter.credited === 500n || undefined);
    const cancel = handset.ask({ op: 'cancel', voucherId });
    await handset.hears(cancel, 'cancelling');
    meter.behave({});
    meter.device.powerOff();
    await meter.start();
    const redeemed = await handset.hears(cancel, 'redeemed');
    await handset.hears(redeem, 'settled');
    expect(redeemed.receipt).toBeDefined();
    expect(await town.voucher(voucherId)).toMatchObject({ status: 'REDEEMED' });
    expect(meter.credited).toBe(500n);
  });

  it('of a request not yet committed makes it refused ABANDONED for ever', async () => {
    const meter = await town.meter();
    const before = await town.wallet();
    const late = handset.sign(wish(meter.meterId, true));
    const cancel = handset.ask({ op: 'cancel', of: late.requestId });
    await handset.hears(cancel, 'abandoned');
    for (let time = 1; time <= 2; time += 1) {
      handset.send(late.jws);
      const refusals = await until(`refusal ${time}`, () => {
        const results = handset.resultsOf(late);
        return results.length >= time ? results : undefined;
      });
      expect(refusals.at(-1)).toMatchObject({ status: 'refused', code: 'ABANDONED' });
    }
    const abandoned = await handset.askUntil({ op: 'query', of: cancel.requestId }, 'abandoned');
    expect(abandoned.voucherId).toBeUndefined();
    await town.stopGateway();
    await town.startGateway();
    handset.send(late.jws);
    const third = await until('refusal after a restart', () => handset.resultsOf(late)[2]);
    expect(third).toMatchObject({ status: 'refused', code: 'ABANDONED' });
    expect(await town.wallet()).toEqual(before);
    expect(await town.ledgerMeter(meter.meterId)).toMatchObject({ nextSeq: 1, open: [] });
  });

  it('of a request that is committed is refused, and names what to do', async () => {
    const meter = town.meterWithoutPower();
    const issue = handset.ask(wish(meter.meterId, false));
    await handset.hears(issue, 'issued');
    expect(await handset.askUntil({ op: 'cancel', of: issue.requestId }, 'refused')).toMatchObject({
      code: 'REQUEST_COMMITTED',
    });
  });
});

describe('a handset that asks', () => {
  it('hears the balance and what is held of its own agent’s wallet', async () => {
    const { balance, held } = await town.wallet();
    const answer = await handset.askUntil({ op: 'balance', walletId: 'wallet-1' }, 'ok');
    expect(answer).toMatchObject({ balance, held });
  });

  it('hears the newest status of a voucher and of each of its requests', async () => {
    const meter = await town.meter();
    const issue = handset.ask(wish(meter.meterId, false));
    const { voucherId = '', voucher = '' } = await handset.hears(issue, 'issued');
    const query = (of: string, status: 'issued' | 'settled' | 'voided') =>
      handset.askUntil({ op: 'query', of }, status);
    expect(await query(voucherId, 'issued')).toMatchObject({ voucherId, voucher });
    expect(await query(issue.requestId, 'issued')).toMatchObject({ voucherId, voucher });
    const redeem = handset.ask({ op: 'redeem', voucher });
    const { txId } = await handset.hears(redeem, 'settled');
    for (const of of [voucherId, issue.requestId, redeem.requestId]) {
      expect(await query(of, 'settled')).toMatchObject({ voucherId, txId });
    }
    const second = await handset.buy(meter.meterId);
    const cancel = handset.ask({ op: 'cancel', voucherId: second.voucherId });
    await handset.hears(cancel, 'voided');
    for (const of of [second.voucherId, cancel.requestId]) {
      expect(await query(of, 'voided')).toMatchObject({ voucherId: second.voucherId });
    }
  });

  it('finds a request whose id looks like a voucher’s', async () => {
    const meter = town.meterWithoutPower();
    const requestId = 'ab'.repeat(16);
    const issue = handset.ask(wish(meter.meterId, false), { requestId });
    const { voucherId } = await handset.hears(issue, 'issued');
    expect(await handset.askUntil({ op: 'query', of: requestId }, 'issued')).toMatchObject({ voucherId });
  });

  it('is told that what it asks about is unknown', async () => {
    expect(await handset.askUntil({ op: 'query', of: 'never-made' }, 'refused')).toMatchObject({
      code: 'REQUEST_UNKNOWN',
    });
    expect(await handset.askUntil({ op: 'query', of: 'cd'.repeat(16) }, 'refused')).toMatchObject({
      code: 'VOUCHER_UNKNOWN',
    });
    expect(await handset.askUntil({ op: 'balance', walletId: 'nobody' }, 'refused')).toMatchObject({
      code: 'WALLET_UNKNOWN',
    });
  });
});

describe('receipts that a courier carries', () => {
  it('settle their vouchers, and the courier takes the acknowledgement back', async () => {
    const meter = await town.meter();
    meter.behave(silent);
    const { voucherId, voucher } = await handset.buy(meter.meterId);
    handset.ask({ op: 'redeem', voucher });
    await until('the credit', () => meter.credited === 500n || undefined);
    const [receipt] = meter.device.state?.meter.record?.ring ?? [];
    if (receipt === undefined) throw new Error('The meter keeps no receipt.');
    const broken = receipt.slice();
    broken[60] = (broken[60] ?? 0) ^ 1;
    const receipts = [receipt, broken].map((frame) => Buffer.from(frame).toString('hex'));
    const answer = await other.askUntil({ op: 'receipts', receipts }, 'settled');
    expect(answer.outcomes).toMatchObject([
      { outcome: 'redeemed', voucherId },
      { outcome: 'refused', code: 'BAD_MAC' },
    ]);
    expect(answer.acks).toHaveLength(1);
    expect(decodeAcknowledgement(hexToBytes(answer.acks?.[0] ?? ''))).toMatchObject({
      fields: { meterId: BigInt(meter.meterId), receiptNo: 1, floorSeq: 2 },
    });
    expect(await town.voucher(voucherId)).toMatchObject({ status: 'REDEEMED' });
  });
});
