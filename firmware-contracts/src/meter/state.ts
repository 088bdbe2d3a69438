import type { ClockTrust } from '../frames/receipt.ts';
import type { MeterId, VoucherId } from '../ids.ts';
import { emptyWindow, type MeterWindow } from './window.ts';

/** The meter's clock: Unix seconds, and how far they are trusted (0 none, 1 set by a courier, 2 synchronised). */
export interface MeterClock {
  readonly now: number;
  readonly trust: ClockTrust;
}

/** The epoch before the own one, kept read-only, and the order that ended it. */
export interface EndedEpoch {
  readonly keyEpoch: number;
  readonly window: MeterWindow;
  readonly kind: 4 | 6;
  readonly voucherId: VoucherId;
}

/** What a meter keeps in one atomic record (WIRE.md "What a meter keeps"); money in minor units. */
export interface MeterRecord {
  readonly keyEpoch: number;
  readonly closed: boolean;
  /** No voucher may bring the balance above it. */
  readonly balanceLimit: bigint;
  /** Number of the newest commit. */
  readonly receiptNo: number;
  readonly cumulativeCredited: bigint;
  readonly window: MeterWindow;
  readonly ended?: EndedEpoch;
  readonly ackedReceiptNo: number;
  readonly timeNo: number;
  readonly cfgVersion: number;
  /** The receipts of the last 8 commits, oldest first. */
  readonly ring: readonly Uint8Array[];
}

/** A meter: who it is, its secret, its record (undefined = LOCKED) and its charge register in minor units. */
export interface MeterState {
  readonly meterId: MeterId;
  readonly root: Uint8Array;
  readonly record: MeterRecord | undefined;
  readonly charged: bigint;
}

/** How many receipts the ring holds. */
export const RING_SIZE = 8;

/** What was credited and not consumed, signed; 0 for a LOCKED meter. */
export const balanceOf = ({ record, charged }: MeterState): bigint =>
  record === undefined ? 0n : record.cumulativeCredited - charged;

/** A meter as it leaves the factory, or as two people provisioned it again after it was LOCKED. */
export const provisionMeter = (meter: {
  readonly meterId: MeterId;
  readonly root: Uint8Array;
  /** Never used before for this meterId. */
  readonly keyEpoch: number;
  readonly balanceLimit: bigint;
  readonly cumulativeCredited?: bigint;
  readonly charged?: bigint;
}): MeterState => ({
  meterId: meter.meterId,
  root: meter.root,
  charged: meter.charged ?? 0n,
  record: {
    keyEpoch: meter.keyEpoch,
    closed: false,
    balanceLimit: meter.balanceLimit,
    receiptNo: 0,
    cumulativeCredited: meter.cumulativeCredited ?? 0n,
    window: emptyWindow(),
    ackedReceiptNo: 0,
    timeNo: 0,
    cfgVersion: 0,
    ring: [],
  },
});
