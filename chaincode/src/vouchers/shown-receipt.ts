import {
  bytesToHex,
  decodeReceipt,
  hexToBytes,
  RESULT,
  type ReceiptFields,
  type ResultName,
  resultName,
  sha256,
} from '@tapwatt/firmware-contracts';
import type { MeterFigures } from '../protocol/records.ts';
import { Rejected } from '../rejected.ts';

/**
 * A receipt as the ledger uses it. Its MAC is the gateway's word; what moves money is the opening alone, because only
 * who holds the meter's key can show what hashes to a commitment.
 */
export interface ShownReceipt {
  readonly voucherId: string;
  readonly meterId: string;
  readonly kind: number;
  readonly keyEpoch: number;
  readonly seq: number;
  readonly hi: number;
  readonly credited: bigint;
  readonly result: ResultName;
  /** F, V or C, lower-case hex, and its SHA-256; absent when the receipt carries none. */
  readonly opening?: { readonly value: string; readonly hash: string };
  readonly figures: MeterFigures;
  /** The whole frame, lower-case hex. */
  readonly hex: string;
}

/** Reads a receipt's bytes; throws BAD_FORMAT. */
export function readShownReceipt(hex: string): ShownReceipt {
  const decoded = decodeReceipt(hexToBytes(hex));
  const result = decoded.ok ? resultName(decoded.fields.result) : undefined;
  if (!decoded.ok || result === undefined)
    throw new Rejected('BAD_FORMAT', 'receipt: breaks the wire contract.');
  const { fields } = decoded;
  return {
    voucherId: fields.voucherId,
    meterId: `${fields.meterId}`,
    kind: fields.kind,
    keyEpoch: fields.keyEpoch,
    seq: fields.seq,
    hi: fields.hi,
    credited: fields.credited,
    result,
    ...openingOf(fields),
    figures: figuresOf(fields),
    hex,
  };
}

export const isRefusal = ({ result }: ShownReceipt): boolean => RESULT[result] >= RESULT.BAD_FORMAT;

function openingOf({ opening }: ReceiptFields): Pick<ShownReceipt, 'opening'> {
  if (opening.every((byte) => byte === 0)) return {};
  return { opening: { value: bytesToHex(opening), hash: bytesToHex(sha256(opening)) } };
}

const figuresOf = ({ keyEpoch, receiptNo, cumulativeCredited }: ReceiptFields): MeterFigures => ({
  keyEpoch,
  receiptNo,
  cumulativeCredited: `${cumulativeCredited}`,
});
