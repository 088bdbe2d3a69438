import { endsEpoch } from '@tapwatt/firmware-contracts';
import { readEpoch } from '../copies/clear.ts';
import { ahead, suspectCopy } from '../copies/evidence.ts';
import { settleEndOfEpoch } from '../epochs/ended.ts';
import type { VoucherRecord } from '../protocol/records.ts';
import type { SettlementResult, TransactionResult } from '../protocol/transactions.ts';
import { type MeterRecord, summaryOf } from '../registry/meter-record.ts';
import { requireMeter } from '../registry/meters.ts';
import { asRejected, Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import { readRequest } from '../validate.ts';
import { apart, type Work } from '../work.ts';
import { recordBreak } from './breaks.ts';
import { cancelling } from './cancel.ts';
import { recordOrphan } from './orphan.ts';
import { type Settled, settleProof } from './settle-proof.ts';
import { readShownReceipt, type ShownReceipt } from './shown-receipt.ts';
import { withoutProof } from './without-proof.ts';

const NO_VOUCHER = '0'.repeat(32);
const NO_METER = '0';

/** Settles each receipt on its own, one after another; one that proves nothing fails alone. */
export async function settleReceipts(
  work: Work,
  items: readonly unknown[],
): Promise<TransactionResult<'SettleReceipts'>> {
  const results: SettlementResult[] = [];
  for (const item of items) results.push(await settleItem(work, item));
  return { items: results };
}

async function settleItem(work: Work, item: unknown): Promise<SettlementResult> {
  let shown: ShownReceipt | undefined;
  const earlier = work.alarms.length;
  try {
    const receipt = readShownReceipt(readRequest(item, (fields) => fields.hex('receipt', 128)));
    shown = receipt;
    const settled = await apart(work, async (branch) => {
      // The end of an epoch is the last that is heard of its window.
      if (endsEpoch(receipt.kind))
        await noticeWindow(branch, await requireMeter(branch.draft, receipt.meterId), receipt);
      const outcome = await settleShown(branch, receipt);
      const meter = await requireMeter(branch.draft, receipt.meterId);
      await noticeWindow(branch, await readEpoch(branch, meter, receipt.keyEpoch), receipt);
      return outcome;
    });
    const alarms = work.alarms.slice(earlier);
    const told = alarms.length === 0 ? {} : { alarms };
    return { ...named(shown), ...settled, ...(await meterAfter(work, shown)), ...told };
  } catch (error) {
    const { code } = asRejected(error);
    const meter = shown === undefined ? {} : await meterAfter(work, shown);
    return { ...named(shown), outcome: 'refused', code, repeated: false, ...meter };
  }
}

const named = (shown: ShownReceipt | undefined) => ({
  voucherId: shown?.voucherId ?? NO_VOUCHER,
  meterId: shown?.meterId ?? NO_METER,
});

async function meterAfter(work: Work, { meterId }: ShownReceipt): Promise<Pick<SettlementResult, 'meter'>> {
  const meter = await work.draft.get<MeterRecord>(KEY.meter(meterId));
  return meter === undefined ? {} : { meter: summaryOf(meter) };
}

/** A receipt shows its meter's window too: a seq in it that was never issued was issued by another copy of this ledger. */
async function noticeWindow(work: Work, meter: MeterRecord, { keyEpoch, hi }: ShownReceipt): Promise<void> {
  const firstUnissued = keyEpoch > meter.keyEpoch ? 1 : meter.nextSeq;
  if (keyEpoch < meter.keyEpoch || hi < firstUnissued) return;
  work.draft.put(KEY.meter(meter.meterId), await ahead(work, meter, { what: 'ledger-behind', keyEpoch }));
}

async function settleShown(work: Work, shown: ShownReceipt): Promise<Settled> {
  await requireMeter(work.draft, shown.meterId);
  if (endsEpoch(shown.kind)) return settleEndOfEpoch(work, shown);
  const voucher = await work.draft.get<VoucherRecord>(KEY.voucher(shown.voucherId));
  if (voucher === undefined) return settleUnknown(work, shown);
  if (voucher.meterId !== shown.meterId) throw new Rejected('WRONG_METER', 'The voucher is another meter’s.');
  const conflict = shown.result === 'CONFLICT' ? await takeConflict(work, shown, voucher) : undefined;
  if (shown.opening !== undefined) return settleProof(work, voucher, { ...shown, opening: shown.opening });
  if (conflict !== undefined) return conflict;
  return withoutProof(shown);
}

/** Two vouchers with one seq: this ledger was restored or forked. The alarm is raised and the voucher cancelled. */
async function takeConflict(work: Work, shown: ShownReceipt, voucher: VoucherRecord): Promise<Settled> {
  const isNew = await noteConflict(work, shown);
  cancelling(work, voucher, 'CONFLICT');
  return { outcome: 'nothing', code: 'CONFLICT', repeated: !isNew };
}

async function settleUnknown(work: Work, shown: ShownReceipt): Promise<Settled> {
  if (shown.opening !== undefined) return recordOrphan(work, shown);
  if (shown.result !== 'CONFLICT') return withoutProof(shown);
  const isNew = await noteConflict(work, shown);
  return { outcome: 'nothing', code: 'CONFLICT', repeated: !isNew };
}

async function noteConflict(work: Work, shown: ShownReceipt): Promise<boolean> {
  const { meterId, keyEpoch, voucherId } = shown;
  const isNew = await recordBreak(work, 'conflict', found(shown));
  const meter = await requireMeter(work.draft, meterId);
  if (isNew) await suspectCopy(work, meter, { what: 'conflict', keyEpoch, voucherId });
  return isNew;
}

const found = ({ voucherId, meterId, hex }: ShownReceipt) => ({ voucherId, meterId, receipt: hex });
