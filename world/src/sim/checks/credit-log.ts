import type { OrderRecord, OrphanRecord, VoucherRecord } from '@tapwatt/chaincode';
import { decodeStatus, type MeterClock, type MeterRecord } from '@tapwatt/firmware-contracts';
import { MeterMemory, type NvmStorage } from '@tapwatt/simulator';
import type { World } from '../world.ts';
import { type Acknowledged, type Books, type BooksListener, placeOf } from './books.ts';

const WINDOW = 64n;
const TAG_HEX = 16;
/** The kind of an order that closes its meter (WIRE.md, "Voucher"). */
const CLOSE = 4;
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
 * voucher at most once, REDEEMED exactly once, VOIDED never. Where there were copies of the ledger each of them is held
 * against the truth: a copy must account for what it knows at once, and in the end for what it does not know.
 */
export class CreditLog implements BooksListener {
  readonly #world: World;
  readonly #books = new Set<Books>();
  /** By number, every voucher that any copy ever issued, as it is known last. */
  readonly #issued = new Map<string, Map<string, VoucherRecord>>();
  /** By request, every voucher that any copy ever sold for it. */
  readonly #soldFor = new Map<string, Set<string>>();
  readonly #cancelled = new Set<string>();
  readonly #truths = new Map<string, Truth>();
  /** What was credited, and where. */
  readonly #credited = new Map<string, { readonly meterId: string; readonly amount: bigint }>();
  readonly #voided = new Set<string>();
  /** By voucher, the number of the receipt that proves what its meter did with it. */
  readonly #takenAt = new Map<string, number>();
  /** Of the meter that is looked at. */
  #clock: MeterClock | undefined;
  /** Two copies have lived at the same time: neither could know what numbers the other gave out. */
  #hadCopies = false;

  constructor(world: World, books: Books) {
    this.#world = world;
    this.follow(books);
  }

  /** Holds these books against the meters too, until they are forgotten. */
  follow(books: Books): void {
    books.listener = this;
    this.#books.add(books);
    this.#hadCopies ||= this.#books.size > 1;
  }

  forget(books: Books): void {
    this.#books.delete(books);
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
    const tag =
      keyEpoch === truth.record.keyEpoch && usedOf(truth.record).has(seq)
        ? window.tags[seq % Number(WINDOW)]
        : undefined;
    // Another copy of the ledger sold under the same number.
    const isTakenByAnother = tag !== undefined && tag !== voucherId.slice(0, TAG_HEX);
    return isOver || isTakenByAnother || this.#voided.has(voucherId);
  }

  /** What a meter says of itself it still says after a loss of power: a status before its commit would be untrue. */
  heard(meterId: string, status: Uint8Array): void {
    const record = this.#truths.get(meterId)?.record;
    const decoded = decodeStatus(status);
    if (record === undefined || !decoded.ok || decoded.fields.keyEpoch === 0) return;
    const { receiptNo, floorSeq, cumulativeCredited, keyEpoch } = decoded.fields;
    const said = `${keyEpoch} ${receiptNo} ${floorSeq} ${cumulativeCredited}`;
    const kept = `${record.keyEpoch} ${record.receiptNo} ${record.window.floorSeq} ${record.cumulativeCredited}`;
    if (said !== kept) this.#world.violated('I2', `meter ${meterId} said ${said}, and holds ${kept}`);
  }

  /** Whether the meter, as a start would find it now, has left this epoch. */
  hasEnded(meterId: string, keyEpoch: number): boolean {
    const truth = this.#truths.get(meterId);
    return truth?.replaced === true || (truth?.record?.keyEpoch ?? 0) > keyEpoch;
  }

  /** Whether any copy of the ledger ever issued it. */
  wasIssued(voucherId: string): boolean {
    return [...this.#issued.values()].some((there) => there.has(voucherId));
  }

  wasReplaced(meterId: string): boolean {
    return this.#truths.get(meterId)?.replaced ?? false;
  }

  /** The memory of this meter is another one from now on. */
  replaced(meterId: string): void {
    this.#truths.set(meterId, { record: undefined, replaced: true });
  }

  /** The memory is whole as it would be found after a loss of power now; at a commit the meter's clock is known too. */
  look(meterId: string, storage: NvmStorage, clock?: MeterClock): void {
    this.#clock = clock;
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
    for (const books of this.#books) this.#checkSums(meterId, books);
  }

  meterChanged(meterId: string, books: Books): void {
    this.#checkSums(meterId, books);
    this.#checkSeen(meterId, books);
    const reason = books.meter(meterId)?.quarantine;
    if (reason === 'register-fell' && !this.wasReplaced(meterId)) {
      this.#world.violated('I4', `meter ${meterId} was quarantined for a fall that never was`);
    }
  }

  voucherChanged(voucher: VoucherRecord, before: VoucherRecord | undefined, books: Books): void {
    if (before === undefined) this.#sold(voucher, books);
    const { voucherId, status, meterId } = voucher;
    const place = placeOf(voucher);
    const known = this.#issued.get(place) ?? new Map();
    if (known.size > 0 && !known.has(voucherId) && !this.#hadCopies)
      this.#world.violated('I3', `${voucherId} has a number that was given out before a restore, ${place}`);
    this.#issued.set(place, known.set(voucherId, voucher));
    if (status === 'CANCELLING') this.#cancelled.add(voucherId);
    if (this.wasReplaced(meterId)) return;
    if (status === 'REDEEMED' && !this.#credited.has(voucherId)) {
      this.#world.violated('I3', `voucher ${voucherId} is REDEEMED and its meter never credited it`);
    }
    if (status === 'VOIDED' && this.#credited.has(voucherId)) {
      this.#world.violated('I3', `voucher ${voucherId} is VOIDED and its meter credited it`);
    }
  }

  /** A receipt that was acknowledged is not said again, so what it proves is resolved by then. */
  acknowledged({ meterId, keyEpoch, receiptNo }: Acknowledged, books: Books): void {
    if (this.wasReplaced(meterId)) return;
    for (const { voucherId, seq, keyEpoch: of } of books.meter(meterId)?.open ?? []) {
      const provedAt = of === keyEpoch ? this.#takenAt.get(voucherId) : undefined;
      if (provedAt === undefined || provedAt > receiptNo) continue;
      this.#world.violated('I4', `meter ${meterId} is told that ${voucherId}, number ${seq}, is resolved`);
    }
  }

  /** The order that a ledger takes for done is the one that its meter took. */
  orderDone({ voucherId, meterId, keyEpoch, kind }: OrderRecord): void {
    const { record, replaced } = this.#truths.get(meterId) ?? {};
    if (record === undefined || replaced) return;
    const { ended, closed } = record;
    const isAnother = ended?.keyEpoch === keyEpoch && ended.voucherId !== voucherId;
    if (record.keyEpoch <= keyEpoch || isAnother)
      this.#world.violated('I3', `order ${voucherId} is DONE, and meter ${meterId} never took it`);
    if (kind === CLOSE && !closed) this.#world.violated('I3', `meter ${meterId} is closed, and goes on`);
  }

  /** What a request bought is not sold to it again once the ledger knows that its meter credited it. */
  #sold({ voucherId, meterId, kid, requestId, payloadHash }: VoucherRecord, books: Books): void {
    const request = `${kid}~${requestId}~${payloadHash}`;
    const others = this.#soldFor.get(request) ?? new Set();
    this.#soldFor.set(request, others.add(voucherId));
    for (const other of others) {
      if (other === voucherId || !this.#credited.has(other)) continue;
      if (books.orphan(meterId, other) === undefined) continue;
      const what = `${requestId} of ${kid} was sold ${voucherId}, though ${other}`;
      this.#world.violated('I3', `${what} is known to be credited`);
    }
  }

  /** What a meter was seen to have credited, it has. */
  #checkSeen(meterId: string, books: Books): void {
    const { record, replaced } = this.#truths.get(meterId) ?? {};
    const seen = books.meter(meterId)?.seen;
    if (record === undefined || seen === undefined || replaced) return;
    if (seen.receiptNo <= record.receiptNo && BigInt(seen.cumulativeCredited) <= record.cumulativeCredited)
      return;
    const has = `${record.receiptNo} ${record.cumulativeCredited}`;
    const said = `${seen.receiptNo} ${seen.cumulativeCredited}`;
    this.#world.violated('I2', `the ledger has seen ${said} of meter ${meterId}, which holds ${has}`);
  }

  #compare(meterId: string, before: MeterRecord, after: MeterRecord): void {
    const risen = after.cumulativeCredited - before.cumulativeCredited;
    if (risen < 0n) this.#world.violated('I2', `what meter ${meterId} credited fell by ${-risen}`);
    const isSameEpoch = before.keyEpoch === after.keyEpoch;
    for (const [what, [was, is]] of Object.entries(risingFigures(before, after)))
      if (is < was) this.#world.violated('I2', `the ${what} of meter ${meterId} fell from ${was} to ${is}`);
    const fresh = isSameEpoch ? usedOf(before) : new Set<number>();
    let sum = 0n;
    for (const seq of usedOf(after)) {
      if (fresh.has(seq)) continue;
      if (isSameEpoch && seq < before.window.floorSeq)
        this.#world.violated(
          'I3',
          `meter ${meterId} took number ${seq}, below its floor ${before.window.floorSeq}`,
        );
      sum += this.#take(meterId, after, seq);
    }
    if (sum !== risen) {
      this.#world.violated('I3', `meter ${meterId} credited ${risen} for vouchers worth ${sum}`);
    }
  }

  /** A number was taken: what it is worth if it was applied. */
  #take(meterId: string, { keyEpoch, window, receiptNo }: MeterRecord, seq: number): bigint {
    const tag = window.tags[seq % Number(WINDOW)];
    const issued = [...(this.#issued.get(placeOf({ meterId, keyEpoch, seq }))?.values() ?? [])];
    const voucher = issued.find(({ voucherId }) => voucherId.slice(0, TAG_HEX) === tag);
    if (voucher === undefined) {
      this.#world.violated('I2', `meter ${meterId} took number ${seq}, which was not issued: ${tag}`);
      return 0n;
    }
    const { voucherId } = voucher;
    this.#takenAt.set(voucherId, receiptNo);
    const isVoid = ((window.voided >> BigInt(window.hi - seq)) & 1n) === 1n;
    this.#world.trace.note(`meter-${meterId}`, `${isVoid ? 'voided' : 'credited'} ${voucherId}`);
    if (!isVoid) return this.#credit(voucher);
    this.#voided.add(voucherId);
    if (!this.#cancelled.has(voucherId))
      this.#world.violated('I3', `${voucherId} was voided and nobody cancelled it`);
    return 0n;
  }

  #credit({ voucherId, meterId, amount, expiresAt }: VoucherRecord): bigint {
    const { now, trust } = this.#clock ?? { now: 0, trust: 0 };
    if (trust > 0 && expiresAt !== 0 && now > expiresAt)
      this.#world.violated('I3', `${voucherId} was credited ${now - expiresAt} s after it had expired`);
    if (this.#credited.has(voucherId)) this.#world.violated('I3', `${voucherId} was credited twice`);
    for (const books of this.#books) {
      const status = books.voucher(voucherId)?.status ?? 'ISSUED';
      if (MAY_BE_CREDITED.has(status)) continue;
      this.#world.violated('I3', `${voucherId} was credited, and was ${status}`);
    }
    this.#credited.set(voucherId, { meterId, amount: BigInt(amount) });
    this.#world.tally.did('credits');
    return BigInt(amount);
  }

  /** At rest nothing is on its way: what a meter credited is settled, orphans included, to the paisa. */
  checkAtRest(books: Books): void {
    for (const [meterId, { record, replaced }] of this.#truths) {
      if (record === undefined || replaced) continue;
      this.#checkSums(meterId, books);
      const { settled = '0', orphaned = '0', unproven = '0' } = books.meter(meterId) ?? {};
      const forgotten = this.#unknownTo(books, meterId);
      if (unproven === '0' && BigInt(settled) !== record.cumulativeCredited)
        this.#world.violated(
          'I2',
          `meter ${meterId} credited ${record.cumulativeCredited}, settled ${settled}`,
        );
      // What was released without a proof may be what the register shows too much: no remainder is taken for it.
      const hidden = forgotten - BigInt(orphaned);
      if (hidden < 0n || hidden > BigInt(unproven))
        this.#world.violated('I2', `of ${forgotten} forgotten at meter ${meterId} ${orphaned} was found`);
    }
    for (const orphan of books.orphans) this.#checkOrphan(orphan, books);
  }

  #checkOrphan({ voucherId, meterId, amount, remainder, partOf, status }: OrphanRecord, books: Books): void {
    if (this.wasReplaced(meterId)) return;
    if (status === 'RECORDED') this.#world.violated('I5', `orphan ${voucherId} was booked by nobody`);
    if (remainder === true || amount === '0') return;
    const credited = this.#credited.get(voucherId);
    // Of one that was booked with a remainder only what that did not cover is its own.
    const isWhole =
      partOf === undefined ? `${credited?.amount}` === amount : BigInt(amount) <= (credited?.amount ?? 0n);
    if (isWhole && books.voucher(voucherId) === undefined) return;
    this.#world.violated('I2', `orphan ${voucherId} of ${amount}: the meter credited ${credited?.amount}`);
  }

  /** What a meter credited of vouchers that these books do not have. */
  #unknownTo(books: Books, at: string): bigint {
    let sum = 0n;
    for (const [voucherId, { meterId, amount }] of this.#credited) {
      if (meterId === at && books.voucher(voucherId) === undefined) sum += amount;
    }
    return sum;
  }

  #checkSums(meterId: string, books: Books): void {
    const truth = this.#truths.get(meterId);
    const book = books.meter(meterId);
    if (truth?.record === undefined || book === undefined || truth.replaced) return;
    const { cumulativeCredited } = truth.record;
    const settled = BigInt(book.settled);
    const open = book.open.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
    const most = settled + open + BigInt(book.unproven);
    if (settled <= cumulativeCredited && cumulativeCredited <= most) return;
    const missing = this.#unknownTo(books, meterId) - BigInt(book.orphaned);
    if (settled <= cumulativeCredited && missing >= 0n && cumulativeCredited <= most + missing) return;
    const rest = `open or released ${most - settled}, not found yet ${missing}`;
    const what = `credited ${cumulativeCredited}, settled ${settled}, ${rest}`;
    this.#world.violated('I2', `meter ${meterId}: ${what}`);
  }
}

/** What only rises, by name: before and after (WIRE.md, "What a meter keeps"). */
const risingFigures = (
  before: MeterRecord,
  after: MeterRecord,
): Readonly<Record<string, readonly [was: number, is: number]>> => ({
  'receipt number': [before.receiptNo, after.receiptNo],
  'acknowledged number': [before.ackedReceiptNo, after.ackedReceiptNo],
  'key epoch': [before.keyEpoch, after.keyEpoch],
  'time number': [before.timeNo, after.timeNo],
  ...(before.keyEpoch === after.keyEpoch ? { floor: [before.window.floorSeq, after.window.floorSeq] } : {}),
});

const usedOf = ({ window }: MeterRecord): Set<number> => {
  const seqs = new Set<number>();
  for (let bits = window.used, seq = window.hi; bits > 0n && seq > 0; bits >>= 1n, seq -= 1) {
    if ((bits & 1n) === 1n) seqs.add(seq);
  }
  return seqs;
};
