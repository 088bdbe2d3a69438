import type { TransactionRequest, TransactionResult } from '../protocol/transactions.ts';
import { requireMeter } from '../registry/meters.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';
import { suspectCopy } from './evidence.ts';
import { readShownVoucher } from './shown-voucher.ts';

/**
 * Takes a voucher that a handset showed: one that this ledger never sold, another copy of it did. Its MAC is the gateway's
 * word, as a receipt's is, and no money moves on it. Of one whose receipt is here as an orphan, that was the evidence.
 */
export async function recordVoucher(
  work: Work,
  { voucher }: TransactionRequest<'RecordVoucher'>,
): Promise<TransactionResult<'RecordVoucher'>> {
  const { voucherId, keyEpoch, ...fields } = readShownVoucher(voucher);
  const meterId = `${fields.meterId}`;
  if ((await work.draft.get(KEY.voucher(voucherId))) !== undefined) return { known: true };
  if ((await work.draft.get(KEY.orphan(meterId, voucherId))) !== undefined) return { known: true };
  const meter = await requireMeter(work.draft, meterId);
  await suspectCopy(work, meter, { what: 'unknown-voucher', keyEpoch, voucherId });
  const { alarms } = work;
  return { known: false, ...(alarms.length === 0 ? {} : { alarms }) };
}
