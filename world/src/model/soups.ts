import type { FrameBook } from './frame-book.ts';
import { Interner } from './interner.ts';
import type { VoucherNames } from './voucher-names.ts';

/** A set of frames that were ever sent to or by one meter: couriers may deliver each any number of times, in any order, or never. */
export interface Soup {
  readonly frames: readonly number[];
  readonly vouchers: readonly number[];
  readonly receipts: readonly number[];
  readonly acknowledgements: readonly number[];
  /** Masks of vouchers whose F or V was revealed. */
  readonly fulfilled: number;
  readonly voided: number;
  /** The epochs whose C was revealed, one bit each. */
  readonly ended: number;
  /** The requests whose vouchers were ever sealed, as they or the answers to them show; one bit each. */
  readonly requests: number;
  /** Two different vouchers were sealed with one seq. */
  readonly reusedSeq: string | undefined;
  /** One bit for each frame. */
  readonly bits: Uint32Array;
}

/** Every such set that was met. */
export class Soups {
  readonly #frames: FrameBook;
  readonly #names: VoucherNames;
  readonly #soups = new Interner<Soup>();
  readonly #added = new Map<number, number>();

  constructor(frames: FrameBook, names: VoucherNames) {
    this.#frames = frames;
    this.#names = names;
    this.#enter([]);
  }

  get size(): number {
    return this.#soups.size;
  }

  at(number: number): Soup {
    return this.#soups.at(number);
  }

  add(soup: number, frame: number): number {
    const key = soup * 65_536 + frame;
    const known = this.#added.get(key);
    if (known !== undefined) return known;
    const { frames } = this.at(soup);
    const to = frames.includes(frame) ? soup : this.#enter([...frames, frame].sort((a, b) => a - b));
    this.#added.set(key, to);
    return to;
  }

  /** Whether all frames of the second set are in the first. */
  holds(soup: number, other: number): boolean {
    if (soup === other) return true;
    const { bits } = this.at(soup);
    return this.at(other).bits.every((word, index) => (word & ~(bits[index] ?? 0)) === 0);
  }

  without(soup: number, frames: readonly number[]): number {
    if (frames.length === 0) return soup;
    return this.#enter(this.at(soup).frames.filter((frame) => !frames.includes(frame)));
  }

  addAll(soup: number, frames: readonly number[]): number {
    let all = soup;
    for (const frame of frames) all = this.add(all, frame);
    return all;
  }

  #enter(frames: readonly number[]): number {
    return this.#soups.number(frames.join(','), () => this.#read(frames));
  }

  #read(numbers: readonly number[]): Soup {
    const frames = numbers.map((number) => this.#frames.at(number));
    const only = (type: 'voucher' | 'receipt' | 'acknowledgement') =>
      frames.filter((frame) => frame.type === type).map(({ number }) => number);
    const receipts = frames.filter((frame) => frame.type === 'receipt');
    const showing = (opening: 'F' | 'V') =>
      receipts.reduce(
        (bits, receipt) => (receipt.opening === opening ? bits | (1 << receipt.voucher) : bits),
        0,
      );
    return {
      frames: numbers,
      vouchers: only('voucher'),
      receipts: only('receipt'),
      acknowledgements: only('acknowledgement'),
      fulfilled: showing('F'),
      voided: showing('V'),
      ended: receipts.reduce(
        (bits, { opening, fields }) => (opening === 'C' ? bits | (1 << fields.keyEpoch) : bits),
        0,
      ),
      requests: frames.reduce(
        (bits, frame) =>
          frame.type === 'acknowledgement' ? bits : bits | this.#names.requestBit(frame.fields.voucherId),
        0,
      ),
      reusedSeq: this.#reused(frames),
      bits: bitsOf(numbers),
    };
  }

  #reused(frames: readonly ReturnType<FrameBook['at']>[]): string | undefined {
    const taken = new Map<string, string>();
    for (const frame of frames) {
      if (frame.type !== 'voucher' || frame.fields.kind !== 1) continue;
      const { keyEpoch, seq, voucherId } = frame.fields;
      const place = `${keyEpoch}.${seq}`;
      const other = taken.get(place) ?? voucherId;
      if (other !== voucherId) return `${this.#names.label(other)} and ${this.#names.label(voucherId)}`;
      taken.set(place, voucherId);
    }
    return undefined;
  }
}

function bitsOf(numbers: readonly number[]): Uint32Array {
  const bits = new Uint32Array(Math.ceil(((numbers.at(-1) ?? -1) + 1) / 32));
  for (const number of numbers) bits[number >>> 5] = (bits[number >>> 5] ?? 0) | (1 << (number & 31));
  return bits;
}
