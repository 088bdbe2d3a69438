import type { OrderRecord } from '../protocol/records.ts';
import { ledgerOf } from '../registry/genesis.ts';
import { isUncleared, type MeterRecord } from '../registry/meter-record.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import type { ShownReceipt } from '../vouchers/shown-receipt.ts';
import type { Work } from '../work.ts';
import { withRemainder } from './remainder.ts';

/** A key is renewed in quarantine only when that will clear the meter. Throws METER_STATE. */
export async function requireReadFirst(work: Work, meter: MeterRecord): Promise<void> {
  const { restores = 0 } = await ledgerOf(work.draft);
  if (!isUncleared(restores, meter)) return;
  const { meterId } = meter;
  if (meter.read !== restores) {
    throw new Rejected('METER_STATE', `Meter ${meterId} was not read since the restore.`);
  }
  if (meter.open.length > 0) {
    throw new Rejected('METER_STATE', `Meter ${meterId} has not answered to all of its open vouchers.`);
  }
}

/**
 * The meter as an epoch's end leaves it. An order made after the restore clears it: whatever else was sold to it was
 * bound to that epoch or one before. C's own receipt has the register's last word about them; one that repeats it
 * may have what another copy sold in the epoch after in it.
 */
export async function clearedByEnd(
  work: Work,
  { before, after }: { readonly before: MeterRecord; readonly after: MeterRecord },
  { order, shown }: { readonly order: OrderRecord; readonly shown: ShownReceipt },
): Promise<MeterRecord> {
  const { restores = 0 } = await ledgerOf(work.draft);
  const { keyEpoch } = order;
  const end = { figures: shown.figures, keyEpoch, hex: shown.hex };
  if (!isUncleared(restores, before)) {
    const isLastWord = shown.result === 'APPLIED';
    return before.quarantine === 'ledger-behind' && isLastWord ? withRemainder(work, after, end) : after;
  }
  const isNext = after.keyEpoch === keyEpoch + 1 && after.quarantine === undefined;
  if (order.restores !== restores || !isNext) return after;
  return { ...(await withRemainder(work, after, end)), cleared: { restores, keyEpoch } };
}

/** A receipt, or an old status, shows the epoch that the meter is in; the figures that count in the end are those with C. */
export async function readEpoch(work: Work, meter: MeterRecord, keyEpoch: number): Promise<MeterRecord> {
  const { restores = 0 } = await ledgerOf(work.draft);
  if (keyEpoch !== meter.keyEpoch || meter.read === restores || !isUncleared(restores, meter)) return meter;
  const read: MeterRecord = { ...meter, read: restores };
  work.draft.put(KEY.meter(meter.meterId), read);
  return read;
}

/** Whether a status is older than what the meter showed since; while a meter is being cleared that is no fall. */
export async function isOldInQuarantine(work: Work, meter: MeterRecord, receiptNo: number): Promise<boolean> {
  const { restores = 0 } = await ledgerOf(work.draft);
  return isUncleared(restores, meter) && receiptNo < (meter.seen?.receiptNo ?? 0);
}

/** The meter after an authentic status in quarantine: read, and cleared if it is closed and owes no answer. */
export async function readInQuarantine(work: Work, meter: MeterRecord, status: string): Promise<MeterRecord> {
  const { restores = 0 } = await ledgerOf(work.draft);
  if (!isUncleared(restores, meter)) return meter;
  const read: MeterRecord = { ...meter, read: restores };
  const { keyEpoch, seen } = read;
  if (!read.closed || read.open.length > 0 || seen === undefined) return read;
  const { quarantine, ...free } = await withRemainder(work, read, { figures: seen, keyEpoch, hex: status });
  const kept = quarantine === undefined || quarantine === 'ledger-behind' ? {} : { quarantine };
  return { ...free, ...kept, cleared: { restores, keyEpoch } };
}
