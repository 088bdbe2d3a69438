import { checkInvariants } from '@tapwatt/gateway';
import { Answers } from './checks/answers.ts';
import { Books } from './checks/books.ts';
import { Bounds } from './checks/bounds.ts';
import { CreditLog } from './checks/credit-log.ts';
import { Lines } from './checks/lines.ts';
import { Secrets } from './checks/secrets/secrets.ts';
import { LedgerCopies } from './faults/copies.ts';
import { ForgedFrames } from './faults/forged-frames.ts';
import { Injector } from './faults/injector.ts';
import { type PlanLimits, planOf } from './faults/plan.ts';
import { chanceOf } from './kernel/chance.ts';
import { settle, useSources } from './kernel/globals.ts';
import { Tally } from './kernel/tally.ts';
import { Trace } from './kernel/trace.ts';
import { VirtualTime } from './kernel/virtual-time.ts';
import { Liars } from './liars.ts';
import { Network } from './network/network.ts';
import { EmbeddedSite } from './nodes/embedded-site.ts';
import { FabricSite } from './nodes/fabric-site.ts';
import { HandsetNode } from './nodes/handset-node.ts';
import { MeterNode } from './nodes/meter-node.ts';
import { Office } from './nodes/office.ts';
import { OfficeAnswers } from './nodes/office-answers.ts';
import type { Site } from './nodes/site.ts';
import { settleTown, townOf } from './nodes/town.ts';
import { OfficeWork } from './office-work.ts';
import { Operator } from './operator.ts';
import { Workload } from './workload.ts';
import { TroubledWorld } from './world.ts';

const START_MS = 1_800_000_000_000;
const CHECK_EVERY_MS = 60_000;
const CALM_DEADLINE_MS = 30 * 60_000;
const CALM_LOOK_MS = 5_000;

export interface SeedOptions extends PlanLimits {
  readonly seed: number;
  readonly onTrace?: (line: string) => void;
}

export interface SeedResult {
  readonly seed: number;
  readonly hash: string;
  readonly events: number;
  readonly simulatedMs: number;
  /** Of that, without power anywhere. */
  readonly darkMs: number;
  readonly violations: readonly string[];
  readonly faults: Readonly<Record<string, number>>;
  readonly crashPoints: Readonly<Record<string, number>>;
  readonly work: Readonly<Record<string, number>>;
}

/** Runs the world of one seed from its founding to its last check. The globals must have been replaced before. */
export const runSeed = async (options: SeedOptions): Promise<SeedResult> => {
  const { seed } = options;
  const time = new VirtualTime(START_MS);
  useSources({ time, chance: chanceOf(seed, 'libraries') });
  try {
    const network = new Network(time, chanceOf(seed, 'network'));
    const parts = { plan: planOf(seed, options), time, network, tally: new Tally() };
    const world = new TroubledWorld({ ...parts, trace: new Trace(time, options.onTrace) });
    const life = new WorldLife(world);
    await life.run();
    await settle();
    return {
      seed,
      hash: world.trace.digest(),
      events: world.trace.events,
      simulatedMs: time.now() - START_MS,
      darkMs: world.darkMs,
      violations: world.violations,
      faults: Object.fromEntries(world.tally.faults),
      crashPoints: Object.fromEntries(world.tally.crashPoints),
      work: Object.fromEntries(world.tally.work),
    };
  } finally {
    useSources(undefined);
  }
};

/**
 * One world from its founding, through its troubles, to the calm after them. The invariants of DESIGN.md are held:
 *
 * - I1 `DoubleEntry` at every commit; production's own check of the whole ledger every minute and at the end
 * - I2, I3 `CreditLog` at every commit of a meter's memory and of the ledger, at every start, at every status said;
 *   `Books` at every commit for numbers given twice and ends that change; production's check, as for I1
 * - I4 `Answers` whenever a handset hears something, `Office` whenever an order is answered, and all of them at the end
 * - I5 here, in the calm after the troubles
 * - I6 `Secrets` in every row that is durable, every log line and change of the live page, the journal, and every payload
 * - I7 the verifier of the disk every minute over the new blocks, and over the whole at the end
 * - Rights: `Rights` at every commit, `Liars` at every answer to a lie, `ForgedFrames` at every forged frame
 * - I8 `Bounds` after every step, `checkWindow` at every commit
 */
class WorldLife {
  readonly #world: TroubledWorld;
  readonly #site: Site;
  readonly #meters: readonly MeterNode[];
  readonly #handsets: readonly HandsetNode[];
  readonly #answers: Answers;
  readonly #books: Books;
  readonly #bounds: Bounds;
  readonly #credits: CreditLog;
  readonly #injector: Injector;
  readonly #workload: Workload;
  readonly #office: Office;
  readonly #officeWork: OfficeWork;
  readonly #operator: Operator;
  readonly #liars: Liars;
  readonly #copies: LedgerCopies | undefined;
  readonly #town;
  #checkedAtMs = 0;

  constructor(world: TroubledWorld) {
    this.#world = world;
    const town = townOf(world);
    this.#town = town;
    const books = new Books(world);
    const credits = new CreditLog(world, books);
    world.secrets = new Secrets(world, { town, credits });
    books.secrets = world.secrets;
    const lines = new Lines(books);
    const answers = new Answers(world, lines, credits);
    const orders = new OfficeAnswers(world);
    this.#books = books;
    this.#credits = credits;
    this.#answers = answers;
    const embedded =
      world.plan.ledger === 'embedded'
        ? new EmbeddedSite(world, town, { books, lines, answers, credits, orders })
        : undefined;
    this.#site = embedded ?? new FabricSite(world, town, books);
    this.#bounds = new Bounds(world, this.#site);
    const forger = new ForgedFrames(world);
    this.#meters = town.meters.map((meter) => new MeterNode(world, meter, { credits, forger }));
    this.#handsets = town.handsets.map((handset) => new HandsetNode(world, handset, answers));
    const devices = [...this.#meters, ...this.#handsets].map(({ name }) => name);
    this.#copies = embedded && new LedgerCopies(world, embedded, devices);
    const population = {
      ...{ site: this.#site, meters: this.#meters, handsets: this.#handsets },
      copies: this.#copies,
    };
    this.#injector = new Injector(world, population);
    this.#workload = new Workload(world, population);
    const site = this.#site;
    this.#office = new Office(world, { town, site, books, answers: orders });
    const office = { office: this.#office, answers: orders, town, site, books };
    this.#officeWork = new OfficeWork(world, { ...office, mayForget: this.#mayForget });
    this.#liars = new Liars(world, { town, site: this.#site, books, handsets: this.#handsets });
    this.#operator = new Operator(world, { town, site: this.#site, books, meters: this.#meters });
  }

  async run(): Promise<void> {
    const world = this.#world;
    const { ledger, meters, handsets, gateways, faults } = world.plan;
    world.trace.note('plan', `${ledger} ${gateways} ${meters} ${handsets} ${[...faults].join(' ')}`);
    await this.#found();
    world.trouble();
    this.#injector.start();
    this.#workload.start();
    this.#officeWork.start();
    this.#operator.start();
    this.#liars.start();
    while (world.violations.length === 0 && world.time.now() < world.troubledUntilMs) {
      await this.#pass(world.troubledUntilMs - world.time.now());
    }
    this.#workload.stop();
    this.#officeWork.stop();
    this.#liars.stop();
    world.heal();
    this.#injector.heal();
    world.trace.note('world', 'healed');
    await this.#calmDown();
    await this.#lastChecks();
    await this.#drive(this.#site.stop());
  }

  get #mayForget(): boolean {
    const { faults } = this.#world.plan;
    return faults.has('ledger-restored') || faults.has('ledger-cloned');
  }

  async #found(): Promise<void> {
    await this.#drive(this.#site.start());
    const { books } = this.#site;
    if (books === undefined) throw new Error('The site did not start.');
    await this.#drive(settleTown(this.#town, books));
    for (const device of [...this.#meters, ...this.#handsets]) device.start();
  }

  /** Lets the world go on until this work of an observer is done. */
  async #drive<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => undefined);
    await settle();
    while (!isDone) await this.#step(Number.POSITIVE_INFINITY);
    return done;
  }

  async #step(untilMs: number): Promise<boolean> {
    const run = this.#world.time.next(untilMs);
    if (run === undefined) return false;
    run();
    await settle();
    this.#bounds.afterStep();
    return true;
  }

  async #pass(ms: number): Promise<void> {
    const { time, violations } = this.#world;
    const endMs = time.now() + ms;
    while (violations.length === 0 && (await this.#step(endMs))) {
      const isDue = !this.#world.isDark && time.now() - this.#checkedAtMs >= CHECK_EVERY_MS;
      if (isDue) await this.#check();
    }
    time.reach(endMs);
  }

  async #calmDown(): Promise<void> {
    const { time, violations } = this.#world;
    const endMs = time.now() + CALM_DEADLINE_MS;
    while (!this.#isQuiet() && time.now() < endMs && violations.length === 0) await this.#pass(CALM_LOOK_MS);
    if (violations.length > 0 || this.#isQuiet()) return;
    for (const handset of this.#handsets) {
      const waits = this.#waitsOf(handset);
      if (waits.length > 0) this.#world.violated('I5', `${handset.name} waits for ${waits.join(', ')}`);
    }
    for (const order of this.#office.waitsFor) this.#world.violated('I5', `the office waits for ${order}`);
    for (const { meterId } of this.#meters) {
      const isAsked = this.#books.meter(meterId)?.order !== undefined && !this.#credits.wasReplaced(meterId);
      if (isAsked) this.#world.violated('I5', `meter ${meterId} has not ended its epoch`);
    }
    for (const { voucherId, status, meterId } of this.#books.vouchers) {
      if (this.#credits.wasReplaced(meterId) || (status !== 'ISSUED' && status !== 'CANCELLING')) continue;
      this.#world.violated('I5', `${voucherId} is still ${status} at meter ${meterId}`);
    }
    for (const what of this.#unsettled()) this.#world.violated('I5', what);
    if (violations.length === 0) this.#world.violated('I5', 'the ledger did not come back');
  }

  #isQuiet(): boolean {
    if (this.#site.books === undefined || this.#copies?.isBusy === true) return false;
    if (this.#unsettled().length > 0) return false;
    const isOpen = this.#meters.some(({ meterId }) => {
      const book = this.#books.meter(meterId);
      const isDue = book !== undefined && (book.open.length > 0 || book.order !== undefined);
      return isDue && !this.#credits.wasReplaced(meterId);
    });
    return (
      !isOpen &&
      this.#office.waitsFor.length === 0 &&
      this.#handsets.every((handset) => this.#waitsOf(handset).length === 0)
    );
  }

  /** What a restore, or another copy, has left to be done. */
  #unsettled(): readonly string[] {
    const books = this.#books;
    const isIn = (meterId: string): boolean => !this.#credits.wasReplaced(meterId);
    const uncleared = this.#meters.filter(({ meterId }) => isIn(meterId) && books.isUncleared(meterId));
    const unbooked = [...books.orphans].filter(
      ({ meterId, status }) => isIn(meterId) && status === 'RECORDED',
    );
    return [
      ...(books.isHalted ? ['the ledger is halted'] : []),
      ...(this.#mayForget ? this.#officeWork.paper.unreconciled : []),
      ...uncleared.map(({ meterId }) => `meter ${meterId} is not cleared`),
      ...unbooked.map(({ voucherId }) => `orphan ${voucherId} is booked by nobody`),
    ];
  }

  /** A meter whose board was swapped is LOCKED: what was on its way to it has no end before people act. */
  #waitsOf(handset: HandsetNode): readonly string[] {
    return handset.waitsFor(({ meterId, voucherId }) => {
      const voucher = voucherId === undefined ? undefined : this.#books.voucher(voucherId);
      if (voucherId !== undefined && voucher === undefined && this.#isLost(voucherId)) return false;
      const at = voucher?.meterId ?? meterId;
      return at === undefined || !this.#credits.wasReplaced(at);
    });
  }

  /** Issued by a ledger that is gone and never credited: its number may be sold again, so its handset hears of no end. */
  #isLost(voucherId: string): boolean {
    return this.#credits.wasIssued(voucherId) && !this.#credits.isCredited(voucherId);
  }

  async #check(): Promise<void> {
    const { time } = this.#world;
    this.#checkedAtMs = time.now();
    await this.#drive(this.#site.verify(false));
    await this.#checkInvariants(!this.#world.plan.faults.has('ledger-cloned'));
  }

  /** While another copy sells, a ledger's own I2 is broken, as it should say; what meters credited is known better here. */
  async #checkInvariants(isAlone: boolean): Promise<void> {
    const { books } = this.#site;
    if (books === undefined) return;
    const auditor = books({ partyId: 'discom', role: 'discom' });
    const signal = new AbortController().signal;
    try {
      const { breaches } = await this.#drive(checkInvariants(auditor, { signal }));
      for (const { invariant, message } of breaches) {
        if (isAlone || invariant !== 'I2') this.#world.violated(invariant, message);
      }
    } catch (error) {
      this.#world.trace.note('checker', `could not look: ${error instanceof Error ? error.message : ''}`);
    }
  }

  async #lastChecks(): Promise<void> {
    if (this.#world.violations.length > 0) return;
    await this.#drive(this.#site.verify(true));
    await this.#checkInvariants(true);
    const books = this.#site.books?.({ partyId: 'discom', role: 'discom' });
    if (books !== undefined) await this.#drive(this.#answers.review(books));
    if (books !== undefined) await this.#drive(this.#officeWork.paper.review(books));
    this.#credits.checkAtRest(this.#books);
  }
}
