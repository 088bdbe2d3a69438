import type { MeterDetail } from '@tapwatt/chaincode';

/** A meter's record as stored (`MTR~id`). */
export type StoredMeter = Omit<MeterDetail, 'floorSeq' | 'quarantined'>;

/** What one transaction did to an accumulating account (`POST~account~txId~n`). */
export interface PostingRecord {
  readonly account: string;
  readonly entries: readonly { readonly kind: string; readonly debit: string; readonly credit: string }[];
}

/** What a meter's record keeps for itself (chaincode, meter-record.ts), as far as it can be told apart here. */
export interface MeterEvidence {
  readonly keyEpoch: number;
  readonly aheadIn?: number;
  readonly quarantine?: string;
  readonly cleared?: { readonly restores: number };
  readonly forgotten?: readonly { readonly voucherId: string }[];
}
