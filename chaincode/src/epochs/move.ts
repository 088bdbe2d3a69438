import type { VoucherRecord } from '../protocol/records.ts';
import type { MeterRecord } from '../registry/meter-record.ts';
import { KEY } from '../state/keys.ts';
import { cancelling } from '../vouchers/cancel.ts';
import type { Work } from '../work.ts';

/** The meter in a later epoch. What is still open in those before it can only be cancelled now; no money moves. */
export async function movedTo(work: Work, meter: MeterRecord, keyEpoch: number): Promise<MeterRecord> {
  for (const { voucherId } of meter.open) {
    const voucher = await work.draft.get<VoucherRecord>(KEY.voucher(voucherId));
    if (voucher === undefined)
      throw new Error(`meter ${meter.meterId} lists an unknown voucher ${voucherId}`);
    cancelling(work, voucher, 'EPOCH_ENDED');
  }
  return { ...meter, keyEpoch, nextSeq: 1 };
}
