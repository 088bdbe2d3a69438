import type { TransactionResult } from '@tapwatt/chaincode';
import {
  meterId as asMeterId,
  bytesToHex,
  encodeVoucher,
  epochKeys,
  meterRootKey,
  VOUCHER_KIND,
  type VoucherFields,
  type VoucherId,
} from '@tapwatt/firmware-contracts';
import { expect, it } from 'vitest';
import { createManualClock } from '../edges/manual-clock.ts';
import type { ReadVoucher } from '../issuer/issuer.ts';
import { LedgerUnavailable } from '../ledger/errors.ts';
import type { RequestOf } from './authenticate.ts';
import { createLocalRedemptions } from './local-redeem.ts';
import type { DeskPorts } from './ports.ts';
import { answerRedeem } from './redeem.ts';
import { createUnknownVouchers } from './unknown-vouchers.ts';

const meterId = asMeterId('7');
const voucherId = 'ab'.repeat(16) as VoucherId;
const fields: VoucherFields = {
  ...{ kind: VOUCHER_KIND.CREDIT, meterId, keyEpoch: 1, seq: 3, amount: 100n, issuedAt: 1, expiresAt: 0 },
  ...{ voucherId, floorSeq: 1 },
};
const frame = encodeVoucher(fields, epochKeys(meterRootKey(new Uint8Array(32), meterId), 1));
const halted = { what: 'halted', meterId: '7', voucherId } as const;

/** All that needs no time is done. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

type Recorded = TransactionResult<'RecordVoucher'>;

/** A desk whose ledger answers what the test says, and what came to it, to the meter and to people. */
function deskOf(record: () => Promise<Recorded>, read: Partial<ReadVoucher> = {}) {
  const submitted: unknown[] = [];
  const presented: unknown[] = [];
  const alarms: unknown[] = [];
  const failed: unknown[] = [];
  const clock = createManualClock();
  const random = { bytes: (length: number) => new Uint8Array(length) };
  const { signal } = new AbortController();
  const unknownVouchers = createUnknownVouchers({
    ledger: {
      submit: (async (name: string, request: object) => {
        submitted.push({ name, ...request });
        return { txId: 't', blockNumber: 1, result: await record() };
      }) as never,
    },
    ...{ clock, random, signal },
    onRecorded: (meter, found) => void alarms.push([meter, found]),
    onError: (error) => void failed.push(error),
  });
  const ports = {
    ...{ unknownVouchers, random, signal },
    issuer: { readVoucher: async () => ({ ...fields, ...read }) },
    outbox: { answer: () => undefined },
    redemptions: { deliver: (meter: string) => presented.push(meter), leave: () => undefined },
    voucherOnLedger: async () => null,
  } as unknown as DeskPorts;
  const redeem = (onLedger: RequestOf<'redeem'>['onLedger']) =>
    answerRedeem(ports, {
      ...{ handsetId: 'h', requestId: 'r', payload: { op: 'redeem', voucher: bytesToHex(frame) }, onLedger },
    } as unknown as RequestOf<'redeem'>);
  return { clock, ports, redeem, submitted, presented, alarms, failed };
}

const unknown = { voucher: null };
const oneTransaction = [{ name: 'RecordVoucher', voucher: bytesToHex(frame.subarray(0, 56)) }];

it('takes a voucher that the ledger never sold to its meter, and once to the ledger, without its MAC', async () => {
  const desk = deskOf(async () => ({ known: false, alarms: [halted] }));
  await desk.redeem(unknown);
  await settle();
  await desk.redeem(unknown);
  await settle();
  expect(desk.submitted).toEqual(oneTransaction);
  expect(desk.alarms).toEqual([['7', [halted]]]);
  expect(desk.presented).toEqual(['7', '7']);
});

it('does so for a voucher that is shown at the counter too', async () => {
  const desk = deskOf(async () => ({ known: false }));
  const ending = new AbortController();
  const steps = createLocalRedemptions(desk.ports).redeem(frame, ending.signal)[Symbol.asyncIterator]();
  const first = steps.next();
  await settle();
  ending.abort();
  await first;
  expect(desk.submitted).toEqual(oneTransaction);
  expect(desk.presented).toEqual(['7']);
});

it('only presents it while the ledger is away, or has it', async () => {
  const desk = deskOf(async () => ({ known: true }));
  await desk.redeem({});
  await desk.redeem({ voucher: { voucherId, status: 'ISSUED' } as never });
  await settle();
  expect(desk.submitted).toEqual([]);
  expect(desk.presented).toEqual(['7', '7']);
});

it('tells the ledger nothing on a MAC that the issuer, being away, has not checked, nor of what is no credit', async () => {
  for (const read of [{ isUnchecked: true }, { kind: VOUCHER_KIND.VOID }] as const) {
    const desk = deskOf(async () => ({ known: true }), read);
    await desk.redeem(unknown);
    await settle();
    expect(desk.submitted).toEqual([]);
    expect(desk.presented).toEqual(['7']);
  }
});

it('holds up no redemption while the ledger does not answer, gives up, and tells it when the voucher is shown again', async () => {
  const away = new LedgerUnavailable('away');
  const answers = [...Array<Error>(3).fill(away), undefined];
  const desk = deskOf(async () => {
    const error = answers.shift();
    if (error !== undefined) throw error;
    return { known: false };
  });
  await desk.redeem(unknown);
  await desk.redeem(unknown);
  expect(desk.presented).toEqual(['7', '7']);
  await desk.clock.advance(1_000);
  expect(desk.submitted).toHaveLength(3);
  expect(desk.failed).toEqual([away]);
  await desk.redeem(unknown);
  await settle();
  expect(desk.submitted).toHaveLength(4);
  expect(desk.alarms).toEqual([['7', undefined]]);
});
