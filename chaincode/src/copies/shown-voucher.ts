import {
  bytesToHex,
  decodeVoucher,
  hexToBytes,
  VOUCHER_KIND,
  type VoucherFields,
} from '@tapwatt/firmware-contracts';
import { Rejected } from '../rejected.ts';

/** Of a voucher's 72 bytes (WIRE.md, "Voucher"), those before its MAC. */
export const UNSEALED_LENGTH = 56;
const NO_MAC = '00'.repeat(16);

/** A voucher as a gateway tells the ledger of it: hex, and no longer to be presented. */
export const unsealed = (frame: Uint8Array): string => bytesToHex(frame.subarray(0, UNSEALED_LENGTH));

/** Reads a credit voucher without its MAC; throws BAD_FORMAT, BAD_REQUEST for an order. */
export function readShownVoucher(hex: string): VoucherFields {
  const decoded = decodeVoucher(hexToBytes(hex + NO_MAC));
  if (!decoded.ok) throw new Rejected('BAD_FORMAT', 'voucher: breaks the wire contract.');
  if (decoded.fields.kind !== VOUCHER_KIND.CREDIT)
    throw new Rejected('BAD_REQUEST', 'voucher: is no credit.');
  return decoded.fields;
}
