import type {
  MeterDetail,
  MeterFigures,
  MeterSummary,
  OpenVoucher,
  QuarantineReason,
} from '../protocol/records.ts';

/** A meter (`MTR~id`), as stored: what can be derived is not. */
export interface MeterRecord
  extends Omit<MeterDetail, 'floorSeq' | 'quarantined' | 'quarantine' | 'restored'> {
  readonly quarantine?: QuarantineReason;
  /** The ledger's count of restores when the meter was last read in quarantine. */
  readonly read?: number;
  readonly cleared?: Clearance;
  /** The epoch in which it was found ahead of this ledger: one finding, however often the meter shows it. */
  readonly aheadIn?: number;
  /** The newest vouchers that it showed and this ledger had forgotten, so that their requests are not issued again. */
  readonly forgotten?: readonly Forgotten[];
  /** Oldest first. */
  readonly remainders?: readonly Remainder[];
}

export type Forgotten = Pick<OpenVoucher, 'voucherId' | 'keyEpoch' | 'seq'>;

/** The end of a meter's quarantine. */
export interface Clearance {
  /** The ledger's count of restores that it was cleared after. */
  readonly restores: number;
  /** The epoch that was ended for it: what is found of it, or of those before, is explained by the restore. */
  readonly keyEpoch: number;
}

/** Credit that a meter's register showed above all that was known by voucher, when this epoch ended. */
export interface Remainder {
  /** Its id among the orphans. */
  readonly voucherId: string;
  readonly keyEpoch: number;
}

/** Whether a restore came after which this meter was not yet cleared. */
export const isUncleared = (restores: number, { cleared }: MeterRecord): boolean =>
  restores > (cleared?.restores ?? 0);

export const OPEN_LIMIT_DEFAULT = 16;
/** The meter's window is 64 wide; fewer keeps the record small. */
export const OPEN_LIMIT_MAX = 32;

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

export function detailOf(record: MeterRecord, restores: number): MeterDetail {
  const { read, cleared: _c, remainders: _r, aheadIn: _a, forgotten: _f, ...meter } = record;
  const detail: MeterDetail = { ...meter, ...summaryOf(record) };
  if (!isUncleared(restores, record)) return detail;
  const quarantine = record.quarantine ?? 'restored';
  return { ...detail, quarantined: true, quarantine, restored: read === restores ? 'read' : 'unread' };
}
