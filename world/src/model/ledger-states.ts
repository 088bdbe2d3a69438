import { bytesToHex } from '@tapwatt/firmware-contracts';
import type { Asked, Books } from './books.ts';
import type { Bound } from './bound.ts';
import { canonicalBooks } from './canonical-books.ts';
import { choicesIn } from './choices.ts';
import type { FrameBook } from './frame-book.ts';
import { Interner } from './interner.ts';
import { factsOf, type LedgerFacts } from './ledger-facts.ts';
import type { MeterFacts } from './meter-states.ts';
import type { Protocol } from './protocol.ts';
import type { Soups } from './soups.ts';
import { tidied } from './tidied-books.ts';
import type { VoucherNames } from './voucher-names.ts';

/** Something that can be done at the ledger: one of these numbers, and what it is about. */
export interface LedgerEdge {
  readonly to: number;
  readonly label: string;
  /** A gateway does it by itself, or because meters and couriers ask for it; the rest is what people decide. */
  readonly byItself: boolean;
  /** The request of the bound that is issued, or -1. */
  readonly issues: number;
  /** It moves nothing but this ledger, and then there is more to be sealed. */
  readonly seals: boolean;
}

type Status = 'ISSUED' | 'CANCELLING' | 'REDEEMED' | 'VOIDED' | 'RELEASED';
/** Parts of the numbers under which what was run is remembered. */
const FRAMES_MAX = 2 ** 16;
const SOUPS_MAX = 2 ** 24;
const FINAL: ReadonlySet<Status> = new Set(['REDEEMED', 'VOIDED']);

/** Every ledger state that was reached, and what leads from one to another: each transition of the rules is run once. */
export class LedgerStates {
  readonly #bound: Bound;
  readonly #protocol: Protocol;
  readonly #frames: FrameBook;
  readonly #names: VoucherNames;
  readonly #soups: Soups;
  readonly #states = new Interner<{ readonly books: Books; readonly flaw?: string }>();
  readonly #facts: LedgerFacts[] = [];
  readonly #edges = new Map<number, readonly LedgerEdge[]>();
  readonly #settled = new Map<number, LedgerEdge | undefined>();
  readonly #settlements = new Map<number, readonly LedgerEdge[]>();
  readonly #recorded = new Map<string, LedgerEdge | undefined>();
  readonly #restored = new Map<number, number>();
  /** How many transitions of the rules were run. */
  transitions = 0;

  constructor(
    bound: Bound,
    {
      protocol,
      frames,
      names,
      soups,
    }: { protocol: Protocol; frames: FrameBook; names: VoucherNames; soups: Soups },
  ) {
    this.#soups = soups;
    this.#bound = bound;
    this.#protocol = protocol;
    this.#frames = frames;
    this.#names = names;
  }

  get size(): number {
    return this.#states.size;
  }

  facts(number: number): LedgerFacts {
    const facts = this.#facts[number];
    if (facts === undefined) throw new Error(`ledger state ${number} was not looked at`);
    return facts;
  }

  async enter(raw: Books, flaw?: string): Promise<number> {
    const books = tidied(raw, this.#bound);
    const key = `${flaw ?? ''}\n${canonicalBooks(books)}`;
    const number = this.#states.number(key, () => ({ books, ...(flaw === undefined ? {} : { flaw }) }));
    if (this.#facts[number] === undefined) {
      const sealed = await this.#protocol.seal(books);
      const town = { bound: this.#bound, names: this.#names, frames: this.#frames, sealed };
      const facts = await factsOf(books, town);
      this.#facts[number] = flaw === undefined ? facts : { ...facts, problem: flaw };
    }
    return number;
  }

  /** What people and gateways may ask of this state by themselves; `prepare` comes first. */
  edges(from: number): readonly LedgerEdge[] {
    return worked(this.#edges.get(from));
  }

  /** What the receipts that couriers hold can do to this state; `prepare` comes first. */
  settlements(from: number, soup: number): readonly LedgerEdge[] {
    return worked(this.#settlements.get(from * SOUPS_MAX + soup));
  }

  /** What a meter's own status does to this state; `prepare` comes first. */
  record(from: number, meter: MeterFacts): LedgerEdge | undefined {
    return this.#recorded.get(this.#statusKey(from, meter));
  }

  /** Runs what was not run yet of everything that can happen to a ledger state; undefined when there is nothing to run. */
  prepare(
    from: number,
    at: { readonly soup: number; readonly meter: MeterFacts },
  ): Promise<void> | undefined {
    const isReady =
      this.#edges.has(from) &&
      this.#settlements.has(from * SOUPS_MAX + at.soup) &&
      this.#recorded.has(this.#statusKey(from, at.meter));
    return isReady ? undefined : this.#work(from, at);
  }

  async #work(
    from: number,
    { soup, meter }: { readonly soup: number; readonly meter: MeterFacts },
  ): Promise<void> {
    if (!this.#edges.has(from)) this.#edges.set(from, await this.#workEdges(from));
    const key = this.#statusKey(from, meter);
    if (!this.#recorded.has(key)) this.#recorded.set(key, await this.#workRecord(from, meter.status));
    const edges: LedgerEdge[] = [];
    for (const receipt of this.#soups.at(soup).receipts) {
      const edge = await this.#settle(from, receipt);
      if (edge !== undefined && !edges.some(({ to }) => to === edge.to)) edges.push(edge);
    }
    this.#settlements.set(from * SOUPS_MAX + soup, edges);
  }

  async #workEdges(from: number): Promise<readonly LedgerEdge[]> {
    const edges: LedgerEdge[] = [];
    const { answersAgain } = this.#protocol;
    const town = { bound: this.#bound, names: this.#names, answersAgain };
    for (const { asked, label, byItself, issues = -1, seals = false } of await choicesIn(
      this.facts(from),
      town,
    )) {
      const to = await this.#runAll(from, asked);
      // A refusal for ever takes this request out of the game, and that is no more than never asking it.
      if (to !== from && (issues < 0 || this.#hasIssued(to, issues)))
        edges.push({ to, label, byItself, issues, seals });
    }
    return edges;
  }

  async #settle(from: number, frame: number): Promise<LedgerEdge | undefined> {
    const key = from * FRAMES_MAX + frame;
    if (this.#settled.has(key)) return this.#settled.get(key);
    const shown = this.#frames.at(frame);
    if (shown.type !== 'receipt') throw new Error('only a receipt can be settled');
    const receipt = bytesToHex(shown.bytes);
    const meterId = `${shown.fields.meterId}`;
    const by = 'gateway';
    const txId = `settle-${meterId}-${frame}`;
    const asked: Asked = shown.refusesOrder
      ? { name: 'WithdrawOrder', request: { meterId, receipt }, by, txId }
      : { name: 'SettleReceipts', request: { items: [{ receipt }] }, by, txId };
    const to = await this.#run(from, asked);
    const label = `gateway ${shown.refusesOrder ? 'withdraws the order on' : 'settles'} ${shown.label}`;
    const edge = to === from ? undefined : { to, label, byItself: true, issues: -1, seals: false };
    this.#settled.set(key, edge);
    return edge;
  }

  async #workRecord(from: number, status: Uint8Array): Promise<LedgerEdge | undefined> {
    const asked: Asked = {
      name: 'RecordMeter',
      request: { status: bytesToHex(status) },
      by: 'gateway',
      txId: 'record',
    };
    const to = await this.#run(from, asked);
    return to === from
      ? undefined
      : { to, label: 'gateway records the meter’s status', byItself: true, issues: -1, seals: false };
  }

  /** Without the figures a status says no more than this. */
  #statusKey(from: number, { state: { meterId, record }, status }: MeterFacts): string {
    const said =
      this.#bound.figures !== 'none' || record === undefined
        ? bytesToHex(status)
        : [
            meterId,
            record.keyEpoch,
            record.closed,
            record.receiptNo > 0,
            record.window.hi,
            record.window.floorSeq,
          ].join(' ');
    return `${from} ${said}`;
  }

  /** The ledger state that a restore of this backup starts with; `prepareRestore` comes first. */
  restored(backup: number): number {
    return worked(this.#restored.get(backup));
  }

  prepareRestore(backup: number): Promise<void> | undefined {
    if (this.#restored.has(backup)) return undefined;
    const { books } = this.facts(backup);
    const start = this.#bound.restore === 'cloned' ? Promise.resolve(books) : this.#protocol.restore(books);
    return start.then((first) => this.enter(first)).then((to) => void this.#restored.set(backup, to));
  }

  async #run(from: number, asked: Asked): Promise<number> {
    this.transitions += 1;
    const { books, vouchers } = this.facts(from);
    const after = await this.#protocol.transact(books, asked);
    if (after === undefined) return from;
    return this.enter(after, turnedBack(vouchers, books, after));
  }

  /** One after the other; what is wrong in between is not passed over. */
  async #runAll(from: number, asked: readonly Asked[]): Promise<number> {
    let to = from;
    for (const one of asked) {
      to = await this.#run(to, one);
      if (this.facts(to).problem !== undefined) break;
    }
    return to;
  }

  #hasIssued(to: number, request: number): boolean {
    const { requestId } = this.#bound.requests[request] ?? { requestId: '' };
    return this.facts(to).vouchers.some((voucher) => voucher.requestId === requestId);
  }
}

/** REDEEMED and VOIDED are for ever. */
function turnedBack(vouchers: LedgerFacts['vouchers'], before: Books, after: Books): string | undefined {
  for (const { voucherId, status, requestId } of vouchers) {
    const key = `VCH~${voucherId}`;
    if (!FINAL.has(status) || after.get(key) === before.get(key)) continue;
    const now = (JSON.parse(after.get(key) ?? '{}') as { status?: Status }).status;
    if (now !== status) return `I3: voucher ${requestId} went from ${status} to ${now ?? 'nothing'}`;
  }
  return undefined;
}

function worked<T>(edges: T | undefined): T {
  if (edges === undefined) throw new Error('a ledger state was not prepared');
  return edges;
}
