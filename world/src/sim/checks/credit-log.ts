import type { VoucherRecord } from '@tapwatt/chaincode';
import type { MeterRecord } from '@tapwatt/firmware-contracts';
import { MeterMemory, type NvmStorage } from '@tapwatt/simulator';
import type { World } from '../world.ts';
import type { Books, BooksListener } from './books.ts';

const WINDOW = 64n;
const TAG_HEX = 16;
/** A released one too: its money was given back at the risk of those two people. */
const MAY_BE_CREDITED: ReadonlySet<string> = new Set(['ISSUED', 'CANCELLING', 'RELEASED']);

interface Truth {
  record: MeterRecord | undefined;
  /** Its memory was replaced: what it credited before is no longer in it. */
  replaced: boolean;
}

/**
 * What meters truly credited, read from their memories after every commit and at every start, and held against the
 * books at once: I2 a meter never credited less than the ledger settled, nor more than was issued to it; I3 every
 * voucher at most once, REDEEMED exactly once, VOIDED never.
 */
export class CreditLog implements BooksListener {
  readonly #world: World;
  readonly #books: Books;
  readonly #truths = new Map<string, Truth>();
  readonly #credited = new Set<string>();
  readonly #voided = new Set<string>();

  constructor(world: World, books: Books) {
    this.#world = world;
    this.#books = books;
    books.listener = this;
  }

  isCredited(voucherId: string): boolean {
    return this.#credited.has(voucherId);
  }

  /** Whether the meter, as a start would find it now, can never credit this voucher; a replaced board tells nothing. */
  canNeverBeApplied(of: { voucherId: string; meterId: string; keyEpoch: number; seq: number }): boolean {
    const { voucherId, meterId, keyEpoch, seq } = of;
    const truth = this.#truths.get(meterId);
    if (truth === undefined || truth.replaced) return truth?.replaced === true;
    if (this.#credited.has(voucherId) || truth.record === undefined) return false;
    const { window } = truth.record;
    const isOver =
      keyEpoch < truth.record.keyEpoch || (keyEpoch === truth.record.keyEpoch && seq < window.floorSeq);
    return isOver || this.#voided.has(voucherId);
  }

  /** Whether the meter, as a start would find it now, has left this epoch. */
  hasEnded(meterId: string, keyEpoch: number): boolean {
    const truth = this.#truths.get(meterId);
    return truth?.replaced === true || (truth?.record?.keyEpoch ?? 0) > keyEpoch;
  }

  wasReplaced(meterId: string): boolean {
    return this.#truths.get(meterId)?.replaced ?? false;
  }

  /** The memory of this meter is another one from now on. */
  replaced(meterId: string): void {
    this.#truths.set(meterId, { record: undefined, replaced: true });
  }

  /** The memory is whole as it would be found after a loss of power now. */
  look(meterId: string, storage: NvmStorage): void {
    const { stored } = new MeterMemory(storage).recover();
    const truth = this.#truths.get(meterId) ?? { record: undefined, replaced: false };
    this.#truths.set(meterId, truth);
    if (truth.replaced) {
      if (stored !== undefined) this.#world.violated('I2', `meter ${meterId} took a blank memory for new`);
      return;
    }
    if (stored === undefined) {
      if (truth.record !== undefined) this.#world.violated('I2', `meter ${meterId} lost its record`);
      return;
    }
    const before = truth.record;
    truth.record = stored.record;
    if (before !== undefined) this.#compare(meterId, before, stored.record);
    this.#checkSums(meterId);
  }

  meterChanged(meterId: string): void {
    this.#checkSums(meterId);
    const reason = this.#books.meter(meterId)?.quarantine;
    if (reason === 'register-fell' && !this.wasReplaced(meterId)) {
      this.#world.violated('I4', `meter ${meterId} was quarantined for a fall that never was`);
    }
  }

  voucherChanged({ voucherId, status, meterId }: VoucherRecord): void {
    if (this.wasReplaced(meterId)) return;
    if (status === 'REDEEMED' && !this.#credited.has(voucherId)) {
      this.#world.violated('I3', `voucher ${voucherId} is REDEEMED and its meter never credited it`);
    }
    if (status === 'VOIDED' && this.#credited.has(voucherId)) {
      this.#world.violated('I3', `voucher ${voucherId} is VOIDED and its meter credited it`);
    }
  }

  #compare(meterId: string, before: MeterRecord, after: MeterRecord): void {
    const risen = after.cumulativeCredited - before.cumulativeCredited;
    if (risen < 0n) this.#world.violated('I2', `what meter ${meterId} credited fell by ${-risen}`);
    if (after.receiptNo < before.receiptNo) {
      this.#world.violated('I2', `the receipt number of meter ${meterId} fell`);
    }
    const fresh = before.keyEpoch === after.keyEpoch ? usedOf(before) : new Set<number>();
    let sum = 0n;
    for (const seq of usedOf(after)) {
      if (!fresh.has(seq)) sum += this.#take(meterId, after, seq);
    }
    if (sum !== risen) {
      this.#world.violated('I3', `meter ${meterId} credited ${risen} for vouchers worth ${sum}`);
    }
  }

  /** A number was taken: what it is worth if it was applied. */
  #take(meterId: string, { keyEpoch, window }: MeterRecord, seq: number): bigint {
    const voucher = this.#books.voucherAt(meterId, keyEpoch, seq);
    const tag = window.tags[seq % Number(WINDOW)];
    if (voucher === undefined || tag !== voucher.voucherId.slice(0, TAG_HEX)) {
      this.#world.violated('I2', `meter ${meterId} took number ${seq}, which was not issued: ${tag}`);
      return 0n;
    }
    const { voucherId, status, amount } = voucher;
    const isVoid = ((window.voided >> BigInt(window.hi - seq)) & 1n) === 1n;
    this.#world.trace.note(`meter-${meterId}`, `${isVoid ? 'voided' : 'credited'} ${voucherId}`);
    if (isVoid) {
      this.#voided.add(voucherId);
      if (status === 'ISSUED') this.#world.violated('I3', `${voucherId} was voided and nobody cancelled it`);
      return 0n;
    }
    if (this.#credited.has(voucherId)) this.#world.violated('I3', `${voucherId} was credited twice`);
    if (!MAY_BE_CREDITED.has(status)) {
      this.#world.violated('I3', `${voucherId} was credited, and was ${status}`);
    }
    this.#credited.add(voucherId);
    this.#world.tally.did('credits');
    return BigInt(amount);
  }

  #checkSums(meterId: string): void {
    const truth = this.#truths.get(meterId);
    const book = this.#books.meter(meterId);
    if (truth?.record === undefined || book === undefined || truth.replaced) return;
    const { cumulativeCredited } = truth.record;
    const settled = BigInt(book.settled);
    const open = book.open.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
    const most = settled + open + BigInt(book.unproven);
    if (settled <= cumulativeCredited && cumulativeCredited <= most) return;
    const what = `credited ${cumulativeCredited}, settled ${settled}, open or released ${most - settled}`;
    this.#world.violated('I2', `meter ${meterId}: ${what}`);
  }
}

const usedOf = ({ window }: MeterRecord): Set<number> => {
  const seqs = new Set<number>();
  for (let bits = window.used, seq = window.hi; bits > 0n && seq > 0; bits >>= 1n, seq -= 1) {
    if ((bits & 1n) === 1n) seqs.add(seq);
  }
  return seqs;
};
