import type { VoucherRecord } from '@tapwatt/chaincode';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { expect, it } from 'vitest';
import { LedgerUnavailable } from '../ledger/errors.ts';
import type { RequestOf } from './authenticate.ts';
import { answerIssue } from './issue.ts';
import type { DeskPorts } from './ports.ts';

const request = {
  ...{ handsetId: 'h', requestId: 'r', jws: 'a.b.c', payloadHash: new Uint8Array(32), payloadHashHex: '' },
  payload: { op: 'issue', meterId: '1', amount: '500', deliver: true },
} as unknown as RequestOf<'issue'>;

it('answers a voucher that was voided just before it was sealed again with its end, not with a refusal', async () => {
  const answers: unknown[] = [];
  const statuses = ['ISSUED', 'VOIDED'];
  const recordNow = () => ({ voucherId: 'v', status: statuses.shift() }) as VoucherRecord;
  const ports = {
    amounts: { minMinor: 1n, maxMinor: 1_000n },
    clock: { nowMs: () => 0 },
    observer: { issued: () => undefined },
    issuance: {
      add: async () => ({ ok: true, voucherId: 'v', meterId: '1', amount: '500', repeated: true }),
    },
    ledger: { evaluate: async () => recordNow() },
    voucherOnLedger: async () => recordNow(),
    issuer: {
      sealVoucher: async () => {
        throw new TapwattError('VOUCHER_STATE');
      },
    },
    outbox: { answer: (_handset: string, answer: unknown) => answers.push(answer) },
  } as unknown as DeskPorts;
  await answerIssue(ports, request);
  expect(answers).toEqual([{ requestId: 'r', status: 'voided', voucherId: 'v' }]);
});

it('presents nothing on the word of the handset when it cannot look whether the voucher has ended', async () => {
  const ports = {
    amounts: { minMinor: 1n, maxMinor: 1_000n },
    clock: { nowMs: () => 0 },
    observer: { issued: () => undefined },
    issuance: {
      add: async () => ({ ok: true, voucherId: 'v', meterId: '1', amount: '500', repeated: true }),
    },
    ledger: { evaluate: () => Promise.reject(new LedgerUnavailable('away')) },
  } as unknown as DeskPorts;
  await expect(answerIssue(ports, request)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
});

it('refuses no amount for good while the ledger is away, which may have issued it under another policy', async () => {
  const ports = {
    amounts: { minMinor: 501n, maxMinor: 1_000n },
    clock: { nowMs: () => 0 },
    ledger: { evaluate: () => Promise.reject(new LedgerUnavailable('away')) },
  } as unknown as DeskPorts;
  await expect(answerIssue(ports, request)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
});
