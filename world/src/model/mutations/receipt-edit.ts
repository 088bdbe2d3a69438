import {
  decodeReceipt,
  decodeVoucher,
  encodeReceipt,
  epochKeys,
  type MeterState,
  type OpeningKind,
  type ReceiptFields,
  type VoucherFields,
} from '@tapwatt/firmware-contracts';
import { PRODUCTION, type Protocol } from '../protocol.ts';

/** What a voucher says, for a bug that acts upon it. */
function voucherIn(frame: Uint8Array): VoucherFields {
  const decoded = decodeVoucher(frame);
  if (!decoded.ok) throw new Error('the model shows only vouchers');
  return decoded.fields;
}

export function receiptIn(receipt: Uint8Array): ReceiptFields {
  const decoded = decodeReceipt(receipt);
  if (!decoded.ok) throw new Error('a meter answered nonsense');
  return decoded.fields;
}

const NO_OPENING = new Uint8Array(32);

/** An authentic receipt that says something else. */
export function saying(
  meter: MeterState,
  receipt: Uint8Array,
  change: Partial<ReceiptFields> & {
    readonly shows?: { readonly kind: OpeningKind; readonly voucher: VoucherFields };
  },
): Uint8Array {
  const { shows, ...fields } = change;
  const before = receiptIn(receipt);
  const opening =
    shows === undefined
      ? NO_OPENING
      : epochKeys(meter.root, shows.voucher.keyEpoch).opening(shows.kind, shows.voucher.voucherId);
  return encodeReceipt({ ...before, ...fields, opening }, epochKeys(meter.root, before.keyEpoch));
}

export interface Shown {
  readonly meter: MeterState;
  readonly voucher: VoucherFields;
  /** What production does, and what it answers. */
  readonly after: MeterState;
  readonly receipt: Uint8Array;
  readonly committed: boolean;
}

/** Production, but for what a meter does with some vouchers. */
export const withMeterBug = (
  bug: (shown: Shown) => ReturnType<Protocol['present']> | undefined,
): Protocol => ({
  ...PRODUCTION,
  present(meter, frame, clock) {
    const endings = PRODUCTION.present(meter, frame, clock);
    const [answered] = endings;
    if (answered?.receipt === undefined || meter.record === undefined) return endings;
    const { state: after, receipt } = answered;
    const shown = { meter, voucher: voucherIn(frame), after, receipt, committed: endings.length > 1 };
    return bug(shown) ?? endings;
  },
});
