import type { MeterFigures, OrphanRecord } from '../protocol/records.ts';
import { added, type MeterRecord, type Remainder } from '../registry/meter-record.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';

/** Remainders that a meter remembers; of older ones the orphans are still recorded, counted with the next. */
const MAX_REMAINDERS = 8;

/**
 * Records what a meter's register shows above all that is settled, open or released: vouchers that this ledger has
 * forgotten and whose receipts the meter does not repeat any more (WIRE.md, "Acknowledgement"). `shown.keyEpoch` has ended.
 */
export async function withRemainder(
  work: Work,
  meter: MeterRecord,
  shown: { readonly figures: MeterFigures; readonly keyEpoch: number; readonly hex: string },
): Promise<MeterRecord> {
  const { meterId } = meter;
  const listed = meter.open.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  const known = BigInt(meter.settled) + listed + BigInt(meter.unproven);
  const amount = BigInt(shown.figures.cumulativeCredited) - known;
  const voucherId = remainderId(shown.keyEpoch, shown.figures.receiptNo);
  const key = KEY.orphan(meterId, voucherId);
  if (amount <= 0n || (await work.draft.get(key)) !== undefined) return meter;
  const { keyEpoch } = shown;
  const orphan: OrphanRecord = {
    ...{ meterId, voucherId, kind: 0, keyEpoch, seq: 0, amount: `${amount}`, status: 'RECORDED' },
    ...{ receipt: shown.hex, txId: work.txId, remainder: true },
  };
  work.draft.put(key, orphan);
  work.alarms.push({ what: 'orphan', meterId, voucherId });
  return {
    ...meter,
    settled: added(meter.settled, amount),
    orphaned: added(meter.orphaned, amount),
    orphans: meter.orphans + 1,
    remainders: [...(meter.remainders ?? []), { voucherId, keyEpoch }].slice(-MAX_REMAINDERS),
  };
}

/** How the money of an orphan that has now shown itself is to be counted. */
export interface Found {
  /** What is counted anew; the rest was in a remainder. */
  readonly amount: bigint;
  /** The remainder with which the rest was booked already. */
  readonly bookedWith?: string;
}

/** Takes an orphan's money out of the remainder that it was recorded in, where it was. */
export async function takenFromRemainder(
  work: Work,
  meter: MeterRecord,
  orphan: { readonly keyEpoch: number; readonly amount: bigint },
): Promise<Found> {
  const covering = meter.remainders?.find(({ keyEpoch }) => orphan.keyEpoch <= keyEpoch);
  if (covering === undefined || orphan.amount === 0n) return { amount: orphan.amount };
  const record = await requireRemainder(work, meter, covering);
  if (record.status === 'RECOVERED') return takenFromBooked(work, record, orphan.amount);
  const left = BigInt(record.amount) - orphan.amount;
  const { proposal: _, ...unproposed } = record;
  const less: OrphanRecord = {
    ...unproposed,
    amount: `${left > 0n ? left : 0n}`,
    status: left > 0n ? 'RECORDED' : 'NOTHING',
  };
  work.draft.put(KEY.orphan(meter.meterId, record.voucherId), less);
  return { amount: left < 0n ? -left : 0n };
}

/** A booked remainder covers no more than was booked: a voucher released without proof may have stood for the rest. */
function takenFromBooked(work: Work, record: OrphanRecord, amount: bigint): Found {
  const { meterId, voucherId } = record;
  const shown = BigInt(record.shown ?? '0');
  const left = BigInt(record.amount) - shown;
  const covered = amount < left ? amount : left;
  if (covered <= 0n) return { amount };
  const explained: OrphanRecord = { ...record, shown: `${shown + covered}` };
  work.draft.put(KEY.orphan(meterId, voucherId), explained);
  return { amount: amount - covered, bookedWith: voucherId };
}

async function requireRemainder(
  work: Work,
  { meterId }: MeterRecord,
  { voucherId }: Remainder,
): Promise<OrphanRecord> {
  const record = await work.draft.get<OrphanRecord>(KEY.orphan(meterId, voucherId));
  if (record === undefined) throw new Error(`meter ${meterId} lists an unknown remainder ${voucherId}`);
  return record;
}

/** No voucher has such an id but by a chance of 2^-80. */
const remainderId = (keyEpoch: number, receiptNo: number): string =>
  keyEpoch.toString(16).padStart(24, '0') + receiptNo.toString(16).padStart(8, '0');
