import { TapwattError } from '@tapwatt/firmware-contracts';
import type { DeskPorts } from './ports.ts';
import { type Answer, endOfVoucher } from './voucher-progress.ts';

/**
 * The voucher's bytes, or those of its void order. A voucher may end between the look at its record and its seal: its
 * request was carried out all the same, and hears of that end. Throws what the issuer throws.
 */
export async function sealOrEnd(
  { issuer, voucherOnLedger }: Pick<DeskPorts, 'issuer' | 'voucherOnLedger'>,
  voucherId: string,
  asks: 'credit' | 'void',
): Promise<{ readonly frame: Uint8Array } | { readonly end: Answer }> {
  try {
    return { frame: await (asks === 'credit' ? issuer.sealVoucher(voucherId) : issuer.sealVoid(voucherId)) };
  } catch (error) {
    const isOver = error instanceof TapwattError && error.code === 'VOUCHER_STATE';
    const record = isOver ? await voucherOnLedger(voucherId) : undefined;
    const end = record === undefined ? undefined : endOfVoucher(record, asks);
    if (end === undefined) throw error;
    return { end };
  }
}
