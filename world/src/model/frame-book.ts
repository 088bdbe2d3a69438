import {
  bytesToHex,
  decodeAcknowledgement,
  decodeReceipt,
  decodeVoucher,
  encodeReceipt,
  endsEpoch,
  epochKeys,
  meterRootKey,
  RESULT,
  type ReceiptFields,
  resultName,
  type VoucherFields,
} from '@tapwatt/firmware-contracts';
import type { Bound } from './bound.ts';
import { Interner } from './interner.ts';
import { MASTER } from './keys.ts';
import type { Protocol } from './protocol.ts';
import type { VoucherNames } from './voucher-names.ts';

interface Named {
  readonly number: number;
  readonly bytes: Uint8Array;
  /** For people. */
  readonly label: string;
}

/** Whatever couriers can have in their hands, one number for all frames that nobody could tell apart by their effect. */
export type Frame =
  | (Named & { readonly type: 'voucher'; readonly fields: VoucherFields; readonly voucher: number })
  | (Named & {
      readonly type: 'receipt';
      readonly fields: ReceiptFields;
      readonly voucher: number;
      readonly opening: 'F' | 'V' | 'C' | undefined;
      /** Refuses an order to end an epoch for good. */
      readonly refusesOrder: boolean;
    })
  | (Named & {
      readonly type: 'acknowledgement';
      readonly keyEpoch: number;
      readonly floorSeq: number;
    });

const KIND = { 1: 'credit', 2: 'void', 3: 'clear', 4: 'close', 5: 'transfer', 6: 'new-epoch' } as const;
const WITHDRAWS: ReadonlySet<number> = new Set([RESULT.CONFLICT, RESULT.BAD_EPOCH, RESULT.CLOSED]);

/** The frames that were ever sent in any explored state. */
export class FrameBook {
  readonly #frames = new Interner<Frame>();
  readonly #byBytes = new Map<string, number>();
  readonly #names: VoucherNames;
  readonly #figures: Bound['figures'];
  readonly #keepsNumber: boolean;

  constructor(names: VoucherNames, of: Pick<Bound, 'figures'> & Pick<Protocol, 'readsAcknowledgedNumber'>) {
    this.#names = names;
    this.#figures = of.figures;
    this.#keepsNumber = of.readsAcknowledgedNumber;
  }

  at(number: number): Frame {
    return this.#frames.at(number);
  }

  voucher(bytes: Uint8Array): number {
    const hex = bytesToHex(bytes);
    return this.#frames.number(hex, (number) => {
      const decoded = decodeVoucher(bytes);
      if (!decoded.ok) throw new Error('the issuer sealed nonsense');
      const { fields } = decoded;
      const label = `${KIND[fields.kind]} ${this.#names.label(fields.voucherId)}`;
      const voucher = endsEpoch(fields.kind) ? -1 : this.#names.number(fields.voucherId);
      return { type: 'voucher', number, bytes, label, fields, voucher };
    });
  }

  acknowledgement(bytes: Uint8Array): number {
    const decoded = decodeAcknowledgement(bytes);
    if (!decoded.ok) throw new Error('the issuer acknowledged nonsense');
    const { meterId, keyEpoch, floorSeq, receiptNo } = decoded.fields;
    const label = `acknowledgement (epoch ${keyEpoch}, floor ${floorSeq})`;
    const make = (number: number): Frame => ({
      ...{ type: 'acknowledgement', number, bytes, label, keyEpoch, floorSeq },
    });
    const number = this.#keepsNumber ? receiptNo : '';
    return this.#frames.number(`ack ${meterId} ${keyEpoch} ${floorSeq} ${number}`, make);
  }

  receipt(bytes: Uint8Array): number {
    const hex = bytesToHex(bytes);
    const known = this.#byBytes.get(hex);
    if (known !== undefined) return known;
    const decoded = decodeReceipt(bytes);
    if (!decoded.ok) throw new Error('a meter answered nonsense');
    const fields = this.#counted(decoded.fields);
    const number = this.#frames.number(keyOf(fields), (made) => this.#read(made, sealed(fields), fields));
    this.#byBytes.set(hex, number);
    return number;
  }

  /** The receipt with those figures by which a rule can decide; what ends an epoch after a restore has the register's last word. */
  #counted(fields: ReceiptFields): ReceiptFields {
    if (this.#figures === 'all') return fields;
    const least = withoutFigures(fields);
    const { hi, cumulativeCredited } = fields;
    if (this.#figures === 'none') return least;
    const seen = this.#figures === 'shown' ? { ...least, hi } : least;
    if (!endsEpoch(fields.kind)) return seen;
    return refuses(fields) ? least : { ...seen, cumulativeCredited };
  }

  #read(number: number, bytes: Uint8Array, fields: ReceiptFields): Frame {
    const isOrder = endsEpoch(fields.kind);
    const opening = this.#names.openingOf(fields);
    const shown = opening === undefined ? '' : ` with ${opening}`;
    return {
      type: 'receipt',
      number,
      bytes,
      label: `${resultName(fields.result)} ${this.#names.label(fields.voucherId)}${shown}`,
      fields,
      voucher: isOrder ? -1 : this.#names.number(fields.voucherId),
      opening,
      refusesOrder: isOrder && opening === undefined && WITHDRAWS.has(fields.result),
    };
  }
}

const refuses = ({ result }: ReceiptFields): boolean => result >= RESULT.BAD_FORMAT;

/** That an answer is a repeated one changes nothing for whoever reads it. */
function keyOf(fields: ReceiptFields): string {
  const { kind, meterId, keyEpoch, seq, voucherId, credited, opening } = fields;
  const { receiptNo, cumulativeCredited, hi, used } = fields;
  const result = fields.result < RESULT.BAD_FORMAT ? fields.result & ~1 : fields.result;
  const shown = bytesToHex(opening);
  const answer = [meterId, kind, keyEpoch, seq, voucherId, result, credited, shown];
  return [...answer, receiptNo, cumulativeCredited, hi, used].join(' ');
}

/** The receipt as the first answer to its voucher could have been: the least that its meter can have taken and counted. */
const withoutFigures = (fields: ReceiptFields): ReceiptFields => ({
  ...fields,
  receiptNo: Math.min(fields.receiptNo, 1),
  cumulativeCredited: 0n,
  balance: 0n,
  hi: Math.min(fields.hi, endsEpoch(fields.kind) ? 1 : fields.seq),
  used: 0n,
});

const sealed = (fields: ReceiptFields): Uint8Array =>
  encodeReceipt(fields, epochKeys(meterRootKey(MASTER, fields.meterId), fields.keyEpoch));
