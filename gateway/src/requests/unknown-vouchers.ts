import { type Alarm, unsealed } from '@tapwatt/chaincode';
import { VOUCHER_KIND } from '@tapwatt/firmware-contracts';
import type { Clock, Random } from '../edges/edges.ts';
import type { ReadVoucher } from '../issuer/issuer.ts';
import { LedgerRejected } from '../ledger/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { submitSurely } from '../ledger/submit-surely.ts';
import { createRecentMap } from '../recent-map.ts';

/** Vouchers that this life of the gateway has told of; one that is forgotten is told once more when it is shown again. */
const MAX_TOLD = 10_000;
/** Vouchers on their way to the ledger; one beyond is told when it is shown again. */
const MAX_UNDER_WAY = 64;
const MAX_ATTEMPTS = 3;

export interface UnknownVouchersPorts {
  readonly ledger: Pick<Ledger, 'submit'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** The ledger looked at it, and what a person should look at because of it. */
  readonly onRecorded: (meterId: string, alarms: readonly Alarm[] | undefined) => void;
  readonly onError: (error: unknown, doing: string) => void;
}

/** Takes vouchers to the ledger that it said it never sold: they show that another copy of it sells. */
export interface UnknownVouchers {
  /** Holds up nothing and never throws. What fails is told again when the voucher is shown again. */
  shown(voucher: ReadVoucher, frame: Uint8Array): void;
}

export function createUnknownVouchers(ports: UnknownVouchersPorts): UnknownVouchers {
  const told = createRecentMap<string, true>(MAX_TOLD);
  const underWay = new Set<string>();

  async function tell({ voucherId, meterId }: ReadVoucher, frame: Uint8Array): Promise<void> {
    const transaction = { name: 'RecordVoucher', request: { voucher: unsealed(frame) } } as const;
    try {
      const { result } = await submitSurely(ports.ledger, transaction, {
        ...ports,
        maxAttempts: MAX_ATTEMPTS,
      });
      told.set(voucherId, true);
      ports.onRecorded(`${meterId}`, result.alarms);
    } catch (error) {
      // What the rules refuse they refuse again.
      if (error instanceof LedgerRejected) told.set(voucherId, true);
      if (!ports.signal.aborted) ports.onError(error, `tell the ledger of unknown voucher ${voucherId}`);
    }
  }

  return {
    shown(voucher, frame) {
      const { voucherId, kind, isUnchecked } = voucher;
      // On a MAC that nobody has checked anybody could halt the ledger.
      if (kind !== VOUCHER_KIND.CREDIT || isUnchecked === true) return;
      if (told.get(voucherId) === true || underWay.has(voucherId) || underWay.size >= MAX_UNDER_WAY) return;
      underWay.add(voucherId);
      void tell(voucher, frame).finally(() => underWay.delete(voucherId));
    },
  };
}
