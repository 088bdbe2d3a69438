import { walletAccount } from '../money/accounts.ts';
import { transfer } from '../money/transfer.ts';
import type { VoucherRecord } from '../protocol/records.ts';
import type { TransactionRequest, TransactionResult } from '../protocol/transactions.ts';
import { added, withoutOpen } from '../registry/meter-record.ts';
import { requireMeter } from '../registry/meters.ts';
import { requireOwnAgent } from '../registry/parties.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';
import { requireVoucher } from './cancel.ts';

/**
 * Gives a cancelled voucher's money back although its meter has proved nothing: proposed by one party, done by another.
 * Throws VOUCHER_STATE unless it is CANCELLING, SAME_PARTY, FORBIDDEN for an agency that is not the voucher's.
 */
export async function releaseUnproven(
  work: Work,
  { voucherId, reason }: TransactionRequest<'ReleaseUnproven'>,
): Promise<TransactionResult<'ReleaseUnproven'>> {
  const voucher = await requireVoucher(work, voucherId);
  await requireOwnAgent(work, voucher.agentId);
  const { meterId } = voucher;
  if (voucher.status === 'RELEASED') return { voucherId, meterId, state: 'released', repeated: true };
  if (voucher.status !== 'CANCELLING') {
    throw new Rejected(
      'VOUCHER_STATE',
      `Only a cancelled voucher can be released; this one is ${voucher.status}.`,
    );
  }
  const decision = { by: work.submitter.partyId, reason, txId: work.txId };
  if (voucher.release === undefined) {
    const proposed: VoucherRecord = { ...voucher, release: decision };
    work.draft.put(KEY.voucher(voucherId), proposed);
    return { voucherId, meterId, state: 'proposed', repeated: false };
  }
  if (voucher.release.by === decision.by) throw new Rejected('SAME_PARTY');
  await release(work, { ...voucher, status: 'RELEASED', released: decision, settledTxId: work.txId });
  return { voucherId, meterId, state: 'released', repeated: false };
}

async function release(work: Work, voucher: VoucherRecord): Promise<void> {
  const { voucherId, meterId, walletId } = voucher;
  const amount = BigInt(voucher.amount);
  work.draft.put(KEY.voucher(voucherId), voucher);
  const meter = withoutOpen(await requireMeter(work.draft, meterId), voucherId);
  work.draft.put(KEY.meter(meterId), { ...meter, unproven: added(meter.unproven, amount) });
  const credit = walletAccount(walletId);
  await transfer(work, { kind: 'release', debit: 'hold', credit, amount, ref: voucherId });
}
