import type { MeterSummary } from '@tapwatt/chaincode';
import {
  bytesToHex,
  type ErrorCode,
  hexToBytes,
  type RequestResult,
  TapwattError,
} from '@tapwatt/firmware-contracts';
import { expect, it } from 'vitest';
import type { RequestOf } from './authenticate.ts';
import type { DeskPorts } from './ports.ts';
import { answerReceipts } from './receipts.ts';

const METER = '42';

/** A receipt that is nothing but its number, of a meter that took the seqs up to it; what the ledger says to it follows. */
interface Case {
  readonly number: number;
  readonly keyEpoch?: number;
  readonly stillOpen?: readonly number[];
  readonly refused?: ErrorCode;
  readonly unreadable?: boolean;
}

const summary = ({ stillOpen = [] }: Case): MeterSummary => ({
  ...{ meterId: METER, keyEpoch: 1, nextSeq: 9, floorSeq: stillOpen[0] ?? 9, openLimit: 16 },
  ...{ settled: '0', closed: false, suspended: false, quarantined: false },
  open: stillOpen.map((seq) => ({ seq, keyEpoch: 1, voucherId: 'v', amount: '1', walletId: 'w' })),
});

const brought = async (cases: readonly Case[]): Promise<Partial<RequestResult> | undefined> => {
  const of = (frame: Uint8Array): Case => {
    const found = cases.find(({ number }) => number === frame[0]);
    if (found === undefined) throw new Error('no such receipt');
    return found;
  };
  let answer: Partial<RequestResult> | undefined;
  const ports = {
    issuer: {
      readReceipt: (frame: Uint8Array) => {
        const { number, keyEpoch = 1, unreadable } = of(frame);
        if (unreadable === true) throw new TapwattError('BAD_MAC');
        return { fields: { keyEpoch, receiptNo: number, hi: number, used: 2n ** BigInt(number) - 1n } };
      },
      acknowledge: ({ receiptNo, floorSeq }: { receiptNo: number; floorSeq: number }) =>
        Uint8Array.of(receiptNo, floorSeq),
    },
    redemptions: {
      settle: async (frame: Uint8Array) => {
        const one = of(frame);
        if (one.refused !== undefined) throw new TapwattError(one.refused);
        const result = {
          voucherId: `v${one.number}`,
          meterId: METER,
          outcome: 'redeemed',
          meter: summary(one),
        };
        return { txId: 't', result };
      },
    },
    outbox: {
      answer: (_handsetId: string, result: Partial<RequestResult>) => {
        answer = result;
      },
    },
  } as unknown as DeskPorts;
  const receipts = cases.map(({ number }) => bytesToHex(Uint8Array.of(number)));
  const request = { handsetId: 'h', requestId: 'r', payload: { op: 'receipts', receipts } };
  await answerReceipts(ports, request as unknown as RequestOf<'receipts'>);
  return answer;
};

const acknowledged = (answer: Partial<RequestResult> | undefined): number[][] =>
  (answer?.acks ?? []).map((ack) => [...hexToBytes(ack)]);

it('answers one outcome for each receipt in their order, and one acknowledgement for each meter', async () => {
  const answer = await brought([{ number: 1 }, { number: 2, unreadable: true }, { number: 3 }]);
  expect(answer).toMatchObject({ requestId: 'r', status: 'settled' });
  expect(answer?.outcomes).toEqual([
    { outcome: 'redeemed', voucherId: 'v1', meterId: METER },
    { outcome: 'refused', code: 'BAD_MAC' },
    { outcome: 'redeemed', voucherId: 'v3', meterId: METER },
  ]);
  expect(acknowledged(answer)).toEqual([[3, 9]]);
});

it('acknowledges the newest number although it came before the receipt that it waited for', async () => {
  const answer = await brought([{ number: 2, stillOpen: [1] }, { number: 1 }]);
  expect(acknowledged(answer)).toEqual([[2, 9]]);
});

it('acknowledges nothing while a seq that the meter used is open', async () => {
  expect(acknowledged(await brought([{ number: 3, stillOpen: [2] }]))).toEqual([]);
});

it('acknowledges nothing of an epoch that is not the meter’s', async () => {
  expect(acknowledged(await brought([{ number: 3, keyEpoch: 2 }]))).toEqual([]);
});

it('refuses the whole where it only cannot settle now, so that the courier brings all of it again', async () => {
  for (const refused of ['BUSY', 'LEDGER_UNAVAILABLE', 'OUTCOME_UNKNOWN', 'DISK_FULL'] as const) {
    await expect(brought([{ number: 1 }, { number: 2, refused }])).rejects.toMatchObject({ code: refused });
  }
  expect((await brought([{ number: 1, refused: 'METER_UNKNOWN' }]))?.outcomes).toEqual([
    { outcome: 'refused', code: 'METER_UNKNOWN' },
  ]);
});
