import { meterId as asMeterId, encodeAcknowledgement, epochKeys } from '@tapwatt/firmware-contracts';
import { acknowledgeable } from '@tapwatt/gateway';
import type { Bound } from './bound.ts';
import { foundTown } from './founding.ts';
import { FrameBook } from './frame-book.ts';
import { LedgerStates } from './ledger-states.ts';
import { MeterStates } from './meter-states.ts';
import type { Protocol } from './protocol.ts';
import { Soups } from './soups.ts';
import { SpentFrames } from './spent-frames.ts';
import { VoucherNames } from './voucher-names.ts';

/** Where the parts of a state stand in its row: the ledger, its backup, each meter, and then what was ever sent to or by each meter. */
const LEDGER = 0;
const BACKUP = 1;
const FIRST_METER = 2;
/** Values of the backup, where it is not the number of the ledger state kept. */
const NO_BACKUP = -1;
const RESTORED = -2;
/** The empty set of frames. */
const NOTHING = 0;
const SOUPS_MAX = 2 ** 24;
const METERS_MAX = 2 ** 20;

/** How far a town is with the one restore of its bound. */
export const PHASES = ['before', 'backed up', 'restored'] as const;
export type Phase = (typeof PHASES)[number];

/** A state of the whole town: a few small numbers. */
export type Row = Int32Array;

/** Told of each thing that may happen in a state: what is so then, whether it happens without people deciding it, and how to call it. */
export type Visit = (row: Row, byItself: boolean, label: () => string) => void;

/** The whole town as one transition system, over production's rules and decisions (or those of a planted bug). */
export class TownModel {
  readonly bound: Bound;
  readonly names: VoucherNames = new VoucherNames();
  readonly frames: FrameBook;
  readonly ledger: LedgerStates;
  readonly meters: MeterStates;
  readonly soups: Soups;
  /** Places of the ledger, its backup and the meters: all of a state but what couriers hold. */
  readonly coreWidth: number;
  readonly width: number;
  readonly #spent: SpentFrames;
  readonly #answered = new Map<number, number>();
  readonly #sealedAcknowledgements = new Map<string, number>();
  readonly #acknowledging = new Map<number, readonly number[]>();

  private constructor(bound: Bound, protocol: Protocol) {
    this.bound = bound;
    this.frames = new FrameBook(this.names, { ...bound, ...protocol });
    this.soups = new Soups(this.frames, this.names);
    const parts = { protocol, frames: this.frames, names: this.names, soups: this.soups };
    this.ledger = new LedgerStates(bound, parts);
    this.meters = new MeterStates(bound, parts);
    this.#spent = new SpentFrames({ bound, ...parts, meters: this.meters });
    this.coreWidth = FIRST_METER + bound.meters.length;
    this.width = this.coreWidth + bound.meters.length;
  }

  static async open(bound: Bound, protocol: Protocol): Promise<{ model: TownModel; first: Row }> {
    const model = new TownModel(bound, protocol);
    const { books, meters } = await foundTown(bound);
    const first = new Int32Array(model.width);
    first[LEDGER] = await model.ledger.enter(books);
    first[BACKUP] = bound.restore === 'never' ? RESTORED : NO_BACKUP;
    meters.forEach((state, index) => {
      const credits = new Map<string, number>();
      first[FIRST_METER + index] = model.meters.enter({ state, credits, lostMemory: false });
    });
    model.#close(first);
    return { model, first };
  }

  ledgerOf(row: Row): number {
    return row[LEDGER] ?? 0;
  }

  phaseOf(row: Row): Phase {
    const backup = row[BACKUP] ?? NO_BACKUP;
    if (this.bound.restore === 'never' || backup === NO_BACKUP) return 'before';
    return backup === RESTORED ? 'restored' : 'backed up';
  }

  wasRestored(row: Row): boolean {
    return this.phaseOf(row) === 'restored';
  }

  meterOf(row: Row, index: number): number {
    return row[FIRST_METER + index] ?? 0;
  }

  soupOf(row: Row, index: number): number {
    return row[this.coreWidth + index] ?? 0;
  }

  /** Runs what production has not decided yet of all that can happen in a state; undefined when there is nothing to run. */
  prepare(row: Row): Promise<void> | undefined {
    const from = this.ledgerOf(row);
    for (let index = 0; index < this.bound.meters.length; index += 1) {
      const at = { soup: this.soupOf(row, index), meter: this.meters.at(this.meterOf(row, index)) };
      const work = this.ledger.prepare(from, at);
      if (work !== undefined) return work.then(() => this.prepare(row));
    }
    const backup = row[BACKUP] ?? RESTORED;
    return backup < 0 ? undefined : this.ledger.prepareRestore(backup);
  }

  /** Everything that may happen next in a prepared state. The row that `visit` sees is only lent. */
  next(row: Row, visit: Visit): void {
    this.#atTheLedger(row, visit);
    for (let index = 0; index < this.bound.meters.length; index += 1) {
      this.#settlements(row, index, visit);
      this.#atTheMeter(row, index, visit);
    }
  }

  /** The answers with an opening that couriers hold after a step and did not before, in words. */
  heard(before: Row, after: Row): readonly string[] {
    return this.bound.meters.flatMap((_, index) => {
      const held = this.soups.at(this.soupOf(before, index)).receipts;
      const news = this.soups
        .at(this.soupOf(after, index))
        .receipts.filter((receipt) => !held.includes(receipt));
      return news
        .map((number) => this.frames.at(number))
        .flatMap((frame) => (frame.type === 'receipt' && frame.opening !== undefined ? [frame.label] : []));
    });
  }

  /** The state in which couriers lost all that they carried: what is left can be sealed, answered or read from the meters' rings again. */
  emptyHanded(row: Row): Row {
    const next = row.slice();
    next.fill(NOTHING, this.coreWidth);
    this.#close(next);
    return next;
  }

  #atTheLedger(row: Row, visit: Visit): void {
    const from = this.ledgerOf(row);
    const asked = this.#everIssued(row);
    let canSealMore = false;
    for (const { to, label, byItself, seals, issues } of this.ledger.edges(from)) {
      if (issues >= 0 && !this.#mayAsk(issues, asked)) continue;
      canSealMore ||= seals;
      visit(this.#changed(row, LEDGER, to), byItself, () => label);
    }
    const backup = row[BACKUP] ?? RESTORED;
    if (backup === NO_BACKUP) visit(this.#changed(row, BACKUP, from), false, () => 'the ledger is backed up');
    // What the ledger only seals is lost with it, but for the frames: with those the same comes of it, and more.
    if (backup < 0 || canSealMore) return;
    const restored = row.slice();
    restored[BACKUP] = RESTORED;
    visit(
      this.#changed(restored, LEDGER, this.ledger.restored(backup)),
      false,
      () => 'the ledger is restored from its backup',
    );
  }

  #settlements(row: Row, index: number, visit: Visit): void {
    const from = this.ledgerOf(row);
    for (const { to, label } of this.ledger.settlements(from, this.soupOf(row, index)))
      visit(this.#changed(row, LEDGER, to), true, () => label);
    const recorded = this.ledger.record(from, this.meters.at(this.meterOf(row, index)));
    if (recorded !== undefined) visit(this.#changed(row, LEDGER, recorded.to), true, () => recorded.label);
  }

  #atTheMeter(row: Row, index: number, visit: Visit): void {
    const place = FIRST_METER + index;
    const from = this.meterOf(row, index);
    const name = `meter ${this.bound.meters[index]}`;
    const { vouchers, acknowledgements } = this.soups.at(this.soupOf(row, index));
    for (const frame of vouchers) {
      for (const { to, how, receipt } of this.meters.show(from, frame)) {
        if (to === from) continue;
        visit(this.#changed(row, place, to, { index, receipt }), true, () => {
          const said = receipt < 0 ? how : `${how} ${this.frames.at(receipt).label}`;
          return `${name} is shown ${this.frames.at(frame).label}: ${said}`;
        });
      }
    }
    for (const frame of acknowledgements) {
      const to = this.meters.acknowledge(from, frame);
      if (to !== from)
        visit(this.#changed(row, place, to), true, () => `${name} takes an ${this.frames.at(frame).label}`);
    }
    const cut = this.meters.powerCut(from);
    if (cut !== from) visit(this.#changed(row, place, cut), true, () => `${name}’s power goes`);
    if (!this.bound.memoryLoss || this.meters.at(from).lostMemory) return;
    visit(this.#changed(row, place, this.meters.loseMemory(from)), false, () => `${name} loses its memory`);
  }

  /** A request is asked for the first time after those before it: with another order of names it is the same. */
  #mayAsk(request: number, asked: number): boolean {
    if ((asked & (1 << request)) !== 0) return true;
    const { requests } = this.bound;
    const meterId = requests[request]?.meterId;
    return requests.every(
      (other, index) => index >= request || other.meterId !== meterId || (asked & (1 << index)) !== 0,
    );
  }

  #everIssued(row: Row): number {
    let bits = 0;
    for (let index = 0; index < this.bound.meters.length; index += 1)
      bits |= this.soups.at(this.soupOf(row, index)).requests;
    return bits;
  }

  #changed(
    row: Row,
    place: number,
    to: number,
    answer?: { readonly index: number; readonly receipt: number },
  ): Row {
    const next = row.slice();
    next[place] = to;
    if (answer !== undefined && answer.receipt >= 0)
      next[this.coreWidth + answer.index] = this.soups.add(this.soupOf(row, answer.index), answer.receipt);
    this.#close(next);
    return next;
  }

  /**
   * Everything that changes nobody's state happens at once: the issuer seals what it may, couriers show every voucher
   * again and keep the answers, gateways acknowledge. More frames in couriers' hands only ever make more possible.
   */
  #close(row: Row): void {
    const { accounts } = this.ledger.facts(this.ledgerOf(row));
    for (let index = 0; index < this.bound.meters.length; index += 1) {
      const sealed = this.soups.addAll(this.soupOf(row, index), accounts[index]?.sealed ?? []);
      const answered = this.#withAnswers(this.meterOf(row, index), sealed);
      const held = this.soups.addAll(answered, this.#acknowledgements(row, index));
      const mayGoBack = (row[BACKUP] ?? RESTORED) !== RESTORED;
      const ledgerEpoch = mayGoBack ? 0 : (accounts[index]?.record.keyEpoch ?? 0);
      row[this.coreWidth + index] = this.#spent.without(held, {
        meter: this.meterOf(row, index),
        ledgerEpoch,
      });
    }
  }

  #withAnswers(meter: number, soup: number): number {
    const key = meter * SOUPS_MAX + soup;
    const known = this.#answered.get(key);
    if (known !== undefined) return known;
    let all = this.soups.addAll(soup, this.meters.ring(meter));
    for (const frame of this.soups.at(soup).vouchers) {
      for (const { to, receipt } of this.meters.show(meter, frame)) {
        if (to === meter && receipt >= 0) all = this.soups.add(all, receipt);
      }
    }
    this.#answered.set(key, all);
    return all;
  }

  #acknowledgements(row: Row, index: number): readonly number[] {
    const [ledger, meter] = [this.ledgerOf(row), this.meterOf(row, index)];
    const key = ledger * METERS_MAX + meter;
    const known = this.#acknowledging.get(key);
    if (known !== undefined) return known;
    const frames = this.#acknowledgementsOf(ledger, meter, index);
    this.#acknowledging.set(key, frames);
    return frames;
  }

  /** For the meter's newest window, and for an older one, in the worst case one that showed nothing used. */
  #acknowledgementsOf(ledger: number, meter: number, index: number): readonly number[] {
    const account = this.ledger.facts(ledger).accounts[index];
    const { record, meterId, root } = this.meters.at(meter).state;
    if (account === undefined || record === undefined) return [];
    const { keyEpoch, receiptNo } = record;
    const summary = { ...account.record, floorSeq: account.lowestOpen, quarantined: false };
    return [record.window, { hi: 0, used: 0n }].flatMap(({ hi, used }) => {
      const may = acknowledgeable({ keyEpoch, receiptNo, hi, used }, summary);
      if (may === undefined) return [];
      const name = `${meterId} ${keyEpoch} ${may.receiptNo} ${may.floorSeq}`;
      const known = this.#sealedAcknowledgements.get(name);
      if (known !== undefined) return [known];
      const sealed = this.frames.acknowledgement(
        encodeAcknowledgement({ ...may, meterId: asMeterId(meterId) }, epochKeys(root, keyEpoch)),
      );
      this.#sealedAcknowledgements.set(name, sealed);
      return [sealed];
    });
  }
}
