import type { MeterDetail, MeterFigures, MeterSummary, OpenVoucher } from '../protocol/records.ts';

/** A meter (`MTR~id`), as stored: what can be derived is not. */
export type MeterRecord = Omit<MeterDetail, 'floorSeq' | 'quarantined'>;

export const OPEN_LIMIT_DEFAULT = 16;
/** The meter's window is 64 wide; fewer keeps the record small. */
export const OPEN_LIMIT_MAX = 32;
/** A voucher may be this far above the oldest unresolved one, at most (WIRE.md, the meter's check 6). */
export const WINDOW = 64;

export const newMeter = (meterId: string, keyEpoch: number, openLimit: number): MeterRecord => ({
  meterId,
  keyEpoch,
  nextSeq: 1,
  openLimit,
  open: [],
  settled: '0',
  orphaned: '0',
  orphans: 0,
  unproven: '0',
  closed: false,
  suspended: false,
});

/** The oldest unresolved seq of the own epoch; the next one when all are resolved. */
export const floorSeqOf = ({ open, keyEpoch, nextSeq }: MeterRecord): number =>
  open.reduce(
    (floor, voucher) => (voucher.keyEpoch === keyEpoch ? Math.min(floor, voucher.seq) : floor),
    nextSeq,
  );

/** Whether a voucher of an ended epoch is still unresolved. */
export const hasOpenOfEndedEpoch = ({ open, keyEpoch }: MeterRecord): boolean =>
  open.some((voucher) => voucher.keyEpoch !== keyEpoch);

export const withoutOpen = (meter: MeterRecord, voucherId: string): MeterRecord => ({
  ...meter,
  open: meter.open.filter((voucher) => voucher.voucherId !== voucherId),
});

export const withOpen = (meter: MeterRecord, voucher: OpenVoucher): MeterRecord => ({
  ...meter,
  nextSeq: voucher.seq + 1,
  open: [...meter.open, voucher],
});

/** A decimal sum of the record, changed by so much. */
export const added = (sum: string, change: bigint): string => `${BigInt(sum) + change}`;

/** The meter with figures that are newer than those seen before; a receipt from the ring is older and changes nothing. */
export function withNewerFigures(meter: MeterRecord, figures: MeterFigures): MeterRecord {
  const { seen } = meter;
  if (seen !== undefined && figures.receiptNo <= seen.receiptNo) return meter;
  return { ...meter, seen: { ...figures, keyEpoch: Math.max(figures.keyEpoch, seen?.keyEpoch ?? 0) } };
}

export const summaryOf = (meter: MeterRecord): MeterSummary => ({
  meterId: meter.meterId,
  keyEpoch: meter.keyEpoch,
  nextSeq: meter.nextSeq,
  floorSeq: floorSeqOf(meter),
  openLimit: meter.openLimit,
  open: meter.open,
  settled: meter.settled,
  closed: meter.closed,
  suspended: meter.suspended,
  quarantined: meter.quarantine !== undefined,
  ...(meter.order === undefined ? {} : { order: meter.order }),
});

export const detailOf = (meter: MeterRecord): MeterDetail => ({ ...meter, ...summaryOf(meter) });
