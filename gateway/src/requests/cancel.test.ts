import type { VoucherRecord } from '@tapwatt/chaincode';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { expect, it } from 'vitest';
import type { RequestOf } from './authenticate.ts';
import { answerCancel } from './cancel.ts';
import type { DeskPorts } from './ports.ts';

const request = {
  ...{ handsetId: 'h', requestId: 'c', jws: 'a.b.c', payload: { op: 'cancel', voucherId: 'v' } },
} as unknown as RequestOf<'cancel'>;

it('answers a cancel whose voucher its meter credited just before the void order was sealed with that end, not with a refusal', async () => {
  const answers: unknown[] = [];
  const committed = {
    outcome: 'cancelling',
    repeated: true,
    voucher: { voucherId: 'v', meterId: '1', status: 'CANCELLING' },
  };
  const ports = {
    ledger: { submit: async () => ({ txId: 't', result: committed }) },
    random: { bytes: (length: number) => new Uint8Array(length) },
    signal: new AbortController().signal,
    voucherOnLedger: async () => ({ voucherId: 'v', status: 'REDEEMED', settledTxId: 's' }) as VoucherRecord,
    issuer: {
      sealVoid: async () => {
        throw new TapwattError('VOUCHER_STATE');
      },
    },
    outbox: { answer: (_handset: string, answer: unknown) => answers.push(answer) },
  } as unknown as DeskPorts;
  await answerCancel(ports, request);
  expect(answers).toEqual([{ requestId: 'c', status: 'redeemed', voucherId: 'v', txId: 's' }]);
});
