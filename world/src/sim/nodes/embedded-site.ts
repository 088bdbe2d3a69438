import type { Submitter } from '@tapwatt/chaincode';
import { type Ledger, SimulatedDisk } from '@tapwatt/gateway';
import type { Answers } from '../checks/answers.ts';
import type { Books } from '../checks/books.ts';
import type { CreditLog } from '../checks/credit-log.ts';
import type { Lines } from '../checks/lines.ts';
import type { World } from '../world.ts';
import { EmbeddedMachine } from './embedded-machine.ts';
import { JournalDisk } from './journal-disk.ts';
import type { OfficeAnswers } from './office-answers.ts';
import { BROKER_NODE, gatewayId } from './settings.ts';
import type { Crashable, Site } from './site.ts';
import type { Town } from './town.ts';

const LONGEST_START_MS = 3_600_000;
const OTHER_BROKER = `${BROKER_NODE}-2`;

/** Who must know when a ledger is replaced, copied, or gone. */
export interface SiteObservers {
  readonly books: Books;
  readonly lines: Lines;
  readonly answers: Answers;
  readonly credits: CreditLog;
  readonly orders: OfficeAnswers;
}

/** The gateway with the embedded ledger that is the default of `npm start`; for a while there may be a copy of it. */
export class EmbeddedSite implements Site {
  readonly broker = undefined;
  readonly #world: World;
  readonly #town: Town;
  readonly #seenBy: SiteObservers;
  #machine: EmbeddedMachine;
  #copy: EmbeddedMachine | undefined;
  #copiedAtMs = 0;
  #copies = 0;

  constructor(world: World, town: Town, seenBy: SiteObservers) {
    this.#world = world;
    this.#town = town;
    this.#seenBy = seenBy;
    this.#machine = this.#newMachine({
      ...{ name: gatewayId(1), address: BROKER_NODE, books: seenBy.books },
      ...{ disk: new SimulatedDisk(), journal: new JournalDisk(world, gatewayId(1)) },
    });
  }

  get gateways(): readonly Crashable[] {
    return this.#machines;
  }

  /** The one that is there always. */
  get machine(): EmbeddedMachine {
    return this.#machine;
  }

  get isCopied(): boolean {
    return this.#copy !== undefined;
  }

  get books(): ((party: Submitter) => Ledger) | undefined {
    const { ledger } = this.#machine;
    return ledger === undefined ? undefined : (party) => ledger.as(party);
  }

  async start(): Promise<void> {
    const { time } = this.#world;
    const endMs = time.now() + LONGEST_START_MS;
    this.#machine.start();
    while (!this.#machine.isUp && time.now() < endMs) {
      await new Promise<void>((resolve) => time.after(100, resolve));
    }
  }

  async submitOrder(jws: string): Promise<void> {
    await this.#machine.ledger?.submitOrder(jws);
  }

  /** The machine, which is held, has an older state of its ledger from now on; what came `sinceMs` is forgotten. */
  replaceLedger(disk: SimulatedDisk, sinceMs: number): void {
    const { books } = this.#seenBy;
    this.#loses(books, { sinceMs, was: books.copy() });
    this.#machine.replaceDisk(disk);
  }

  /** Somebody starts a second machine from a copy of the disk; a device is led to it by `lead`. */
  copyLedger(): void {
    const { books, journal, disk } = this.#machine;
    const copied = books.copy();
    this.#seenBy.credits.follow(copied);
    this.#seenBy.orders.copied(copied, books);
    this.#copies += 1;
    const name = `copy-${this.#copies}`;
    this.#copy = this.#newMachine({
      ...{ name, address: OTHER_BROKER, books: copied },
      ...{ disk: disk.copy(), journal: journal.copy(name) },
    });
    this.#copiedAtMs = this.#world.time.now();
    this.#copy.start();
  }

  /** A device speaks to the copy from now on, or to the first machine. */
  lead(device: string, toCopy: boolean): void {
    this.#world.network.divert(device, BROKER_NODE, toCopy ? OTHER_BROKER : undefined);
  }

  /** One of the two machines is switched off for good, and the other is alone in its place. */
  keepOne(which: 'first' | 'copy'): void {
    const copy = this.#copy;
    if (copy === undefined) return;
    const first = this.#machine;
    this.#copy = undefined;
    const { books, answers, credits, lines, orders } = this.#seenBy;
    credits.forget(copy.books);
    if (which === 'first') {
      copy.hold('switched off for good');
      this.#loses(copy.books, { sinceMs: this.#copiedAtMs, was: copy.books });
      return;
    }
    first.hold('switched off for good');
    this.#loses(books, { sinceMs: this.#copiedAtMs, was: books.copy() });
    copy.hold('takes the place of the first');
    answers.inherit(books, copy.books);
    orders.inherit(books, copy.books);
    lines.ended(copy.books, books);
    books.become(copy.books);
    copy.keepBooksIn(books);
    copy.address = BROKER_NODE;
    this.#machine = copy;
    copy.start();
  }

  async verify(whole: boolean): Promise<void> {
    for (const machine of this.#machines) await machine.verify(whole);
  }

  figures(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.#machines.flatMap((machine) =>
        Object.entries(machine.figures()).map(([what, figure]) => [`${machine.name}.${what}`, figure]),
      ),
    );
  }

  async stop(): Promise<void> {
    for (const machine of this.#machines) machine.hold('end of the world');
  }

  get #machines(): readonly EmbeddedMachine[] {
    return this.#copy === undefined ? [this.#machine] : [this.#machine, this.#copy];
  }

  #loses(books: Books, lost: { readonly sinceMs: number; readonly was: Books }): void {
    this.#seenBy.answers.forget(books, lost);
    this.#seenBy.orders.forget(books, lost.sinceMs);
    this.#seenBy.lines.ended(books, lost.was);
  }

  #newMachine(of: {
    name: string;
    address: string;
    books: Books;
    disk: SimulatedDisk;
    journal: JournalDisk;
  }) {
    return new EmbeddedMachine({ world: this.#world, town: this.#town, lines: this.#seenBy.lines, ...of });
  }
}
