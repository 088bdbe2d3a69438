import type { VoucherRecord } from '@tapwatt/chaincode';
import { bytesToHex, type RequestResult } from '@tapwatt/firmware-contracts';
import type { Progress } from '../redemption/types.ts';

/** What a handset is told of its request. */
export type Answer = Omit<RequestResult, 'requestId' | 'at'>;

/** What the ledger's record says of a voucher, in the words of WIRE.md; an open one says nothing yet, and none at all nothing. */
export function endOfVoucher(
  record: VoucherRecord | null | undefined,
  asks: 'credit' | 'void',
): Answer | undefined {
  if (record === null || record === undefined) return undefined;
  const { voucherId } = record;
  const txId = record.settledTxId === undefined ? {} : { txId: record.settledTxId };
  const receipt = record.receipt === undefined ? {} : { receipt: record.receipt };
  switch (record.status) {
    case 'ISSUED':
      return undefined;
    case 'CANCELLING':
      return { status: 'cancelling', voucherId };
    case 'REDEEMED':
      return asks === 'credit'
        ? { status: 'settled', voucherId, ...txId }
        : { status: 'redeemed', voucherId, ...txId, ...receipt };
    case 'VOIDED':
    case 'RELEASED':
      return { status: 'voided', voucherId, ...txId, ...receipt };
    default:
      return record.status satisfies never;
  }
}

/** A step of the redemption core as a result for the handset. */
export function answerOf(progress: Progress): Answer {
  const { status, voucherId, receipt, txId, code } = progress;
  return {
    status,
    voucherId,
    ...(receipt === undefined ? {} : { receipt: bytesToHex(receipt) }),
    ...(txId === undefined ? {} : { txId }),
    ...(code === undefined ? {} : { code }),
  };
}
