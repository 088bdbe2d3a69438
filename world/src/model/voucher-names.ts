import {
  bytesToHex,
  epochKeys,
  meterRootKey,
  type OpeningKind,
  type ReceiptFields,
} from '@tapwatt/firmware-contracts';
import { MASTER } from './keys.ts';

/** A mask has one bit for each voucher: as many as fit a number. */
const MOST = 30;
const NO_OPENING = '0'.repeat(64);
const LETTER = { fulfil: 'F', void: 'V', close: 'C' } as const satisfies Record<OpeningKind, string>;

/** Short names and small numbers for the vouchers of one exploration, in the order in which they are met. */
export class VoucherNames {
  readonly #numbers = new Map<string, number>();
  readonly #labels = new Map<string, string>();
  readonly #requests = new Map<string, number>();

  number(voucherId: string): number {
    const known = this.#numbers.get(voucherId);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    if (number >= MOST) throw new Error(`more than ${MOST} vouchers: the bound is too wide`);
    this.#numbers.set(voucherId, number);
    return number;
  }

  /** One bit for this voucher. */
  bit(voucherId: string): number {
    return 1 << this.number(voucherId);
  }

  /** How people call it, and which of the bound's requests it is for. */
  name(voucherId: string, label: string, request = -1): void {
    this.#labels.set(voucherId, label);
    if (request >= 0) this.#requests.set(voucherId, request);
  }

  /** One bit for the request that this voucher is for. */
  requestBit(voucherId: string): number {
    const request = this.#requests.get(voucherId);
    return request === undefined ? 0 : 1 << request;
  }

  label(voucherId: string): string {
    return this.#labels.get(voucherId) ?? voucherId.slice(0, 8);
  }

  /** The labels of the vouchers whose bits are set. */
  labels(mask: number): string {
    const ids = [...this.#numbers].filter(([, number]) => (mask & (1 << number)) !== 0);
    return ids.map(([voucherId]) => this.label(voucherId)).join(', ');
  }

  /** Which opening of its voucher a receipt really shows; the epoch of the voucher may be another than the receipt's. */
  openingOf({ meterId, keyEpoch, voucherId, opening }: ReceiptFields): 'F' | 'V' | 'C' | undefined {
    const shown = bytesToHex(opening);
    if (shown === NO_OPENING) return undefined;
    const root = meterRootKey(MASTER, meterId);
    for (let epoch = keyEpoch; epoch > 0; epoch -= 1) {
      const keys = epochKeys(root, epoch);
      for (const kind of ['fulfil', 'void', 'close'] as const) {
        if (bytesToHex(keys.opening(kind, voucherId)) === shown) return LETTER[kind];
      }
    }
    throw new Error(`a receipt of ${this.label(voucherId)} shows an opening of nothing`);
  }
}
