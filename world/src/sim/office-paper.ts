import type { DepositRecord } from '@tapwatt/chaincode';
import type { Ledger } from '@tapwatt/gateway';
import type { Books } from './checks/books.ts';
import type { Office, OfficeOrder } from './nodes/office.ts';
import type { OfficeAnswers } from './nodes/office-answers.ts';
import type { Site } from './nodes/site.ts';
import type { World } from './world.ts';

const MOST_BETWEEN_LOOKS_MS = 15_000;
const PAGE = 100;
/** Made when the town was founded; never forgotten, for no backup is older. */
const OF_THE_FOUNDING = /^deposit-/;

type Looked = Pick<Ledger, 'evaluate'>;
/** Whose wallet, which meter, or which party. */
export type Whom = { readonly walletId: string } | { readonly meterId: string } | { readonly id: string };

/** Money that has arrived at the bank, and the two orders that put it down. */
interface Paid {
  readonly depositId: string;
  readonly walletId: string;
  readonly amount: string;
  readonly proposal: OfficeOrder;
  readonly confirmation: OfficeOrder;
}

type Repeat = () => void;

interface Held {
  readonly whom: Whom;
  readonly isHeld: boolean;
  readonly order: OfficeOrder;
  /** Orders the same anew: older orders may have been carried out again since, and this one is remembered. */
  readonly again: () => void;
}

/** An order that is given again once where it was forgotten, if it is still of use. */
interface Wanted {
  readonly order: OfficeOrder;
  readonly isOfUse: () => boolean;
  /** Of how many forgettings it was last given again. */
  repeatedAt: number;
}

export interface OfficePaperOf {
  readonly office: Office;
  readonly answers: OfficeAnswers;
  readonly site: Site;
  readonly books: Books;
  /** A ledger of this world may forget. */
  readonly mayForget: boolean;
}

/**
 * What the offices have on paper, whatever their ledger forgets: the bank's list of what was paid, who is held, what was
 * cancelled, renewed and closed. After a restore people look at the ledger first and then order again what it lacks: but for
 * holds, by the very orders that they signed before. In the end it has every deposit of the bank's list once (I1).
 */
export class OfficePaper {
  readonly #world: World;
  readonly #of: OfficePaperOf;
  readonly #chance;
  readonly #paid = new Map<string, Paid>();
  readonly #held = new Map<string, Held>();
  readonly #wanted = new Map<string, Wanted>();
  /** The office's news when all was found as it should be. */
  #foundAt = -1;

  constructor(world: World, of: OfficePaperOf) {
    this.#world = world;
    this.#of = of;
    this.#chance = world.chance('office paper');
  }

  paid(deposit: Paid): void {
    this.#paid.set(deposit.depositId, deposit);
  }

  held(held: Held): void {
    this.#held.set(JSON.stringify(held.whom), held);
  }

  cancelled(voucherId: string, order: OfficeOrder): void {
    const isOfUse = () => this.#of.books.voucher(voucherId)?.status === 'ISSUED';
    this.#wanted.set(voucherId, { order, isOfUse, repeatedAt: 0 });
  }

  renewed(meterId: string, order: OfficeOrder): void {
    const meter = () => this.#of.books.meter(meterId);
    const epoch = meter()?.keyEpoch ?? 0;
    const isOfUse = () => meter()?.order === undefined && (meter()?.keyEpoch ?? 0) <= epoch;
    this.#wanted.set(meterId, { order, isOfUse, repeatedAt: 0 });
  }

  closed(meterId: string, order: OfficeOrder): void {
    const meter = () => this.#of.books.meter(meterId);
    const isOfUse = () => meter()?.order === undefined && meter()?.closed !== true;
    this.#wanted.set(`${meterId} closed`, { order, isOfUse, repeatedAt: 0 });
  }

  /** What may have to be ordered again still, in words. */
  get unreconciled(): readonly string[] {
    return this.#foundAt === this.#of.office.news ? [] : ['the offices have not found all as it is on paper'];
  }

  start(): void {
    if (!this.#of.mayForget) return;
    this.#world.inLight(this.#chance.below(MOST_BETWEEN_LOOKS_MS), () => {
      // A ledger that cannot be read is looked at again later.
      void this.#look().catch(() => undefined);
      this.start();
    });
  }

  async #look(): Promise<void> {
    const { office, site } = this.#of;
    const books = site.books?.({ partyId: 'discom', role: 'discom' });
    if (books === undefined || site.isCopied || office.isBusy) return;
    const { news } = office;
    const lacking = [
      ...(await this.#unpaid(books)),
      ...(await this.#wronglyHeld(books)),
      ...this.#forgotten(),
    ];
    // What was read may be of a ledger that is gone.
    if (office.news !== news) return;
    for (const repeat of lacking) repeat();
    if (lacking.length === 0) this.#foundAt = news;
  }

  /** By the same order, unless that is on its way. */
  #repeat(order: OfficeOrder): Repeat {
    return () => {
      const { office } = this.#of;
      if (!office.isWaitingFor(order)) this.#world.tally.did(`${order.op} again`);
      office.repeat(order);
    };
  }

  /** Which deposits are not there, or not confirmed, though the bank has the money. */
  async #unpaid(books: Looked): Promise<readonly Repeat[]> {
    const lacking: Repeat[] = [];
    for (const { depositId, proposal, confirmation } of this.#paid.values()) {
      const deposit = await books.evaluate('GetDeposit', { depositId });
      if (deposit === null) lacking.push(this.#repeat(proposal));
      else if (deposit.status === 'PROPOSED') lacking.push(this.#repeat(confirmation));
    }
    return lacking;
  }

  async #wronglyHeld(books: Looked): Promise<readonly Repeat[]> {
    const lacking: Repeat[] = [];
    for (const { whom, isHeld, order, again } of this.#held.values()) {
      if ((await isHeldIn(books, whom)) === isHeld) continue;
      lacking.push(() => {
        if (this.#of.office.isWaitingFor(order)) return;
        this.#world.tally.did(`${order.op} again`);
        again();
      });
    }
    return lacking;
  }

  #forgotten(): readonly Repeat[] {
    const { answers, books } = this.#of;
    const { forgettings } = answers;
    const due = [...this.#wanted.values()].filter(
      ({ order, isOfUse, repeatedAt }) =>
        order.isDone && repeatedAt < forgettings && !answers.isKnown(books, order) && isOfUse(),
    );
    for (const wanted of due) wanted.repeatedAt = forgettings;
    return due.map(({ order }) => this.#repeat(order));
  }

  /** At the end: every deposit of the bank's list is in the ledger, once and as it was paid, and none besides. */
  async review(books: Looked): Promise<void> {
    const found = new Map((await depositsIn(books)).map((deposit) => [deposit.depositId, deposit]));
    for (const { depositId, walletId, amount } of this.#paid.values()) {
      const deposit = found.get(depositId);
      const isSo =
        deposit?.status === 'CONFIRMED' && deposit.walletId === walletId && deposit.amount === amount;
      if (!isSo)
        this.#world.violated('I1', `the bank was paid deposit ${depositId}; it is ${deposit?.status}`);
    }
    for (const { depositId, status } of found.values()) {
      if (status !== 'CONFIRMED' || this.#paid.has(depositId) || OF_THE_FOUNDING.test(depositId)) continue;
      this.#world.violated('I1', `deposit ${depositId} is confirmed, and the bank was not paid it`);
    }
  }
}

const isHeldIn = async (books: Looked, whom: Whom): Promise<boolean> => {
  if ('walletId' in whom) return (await books.evaluate('GetWallet', whom))?.state === 'frozen';
  if ('meterId' in whom) return (await books.evaluate('GetMeter', whom))?.suspended === true;
  return (await books.evaluate('GetParty', whom))?.suspended === true;
};

const depositsIn = async (books: Looked): Promise<readonly DepositRecord[]> => {
  const all: DepositRecord[] = [];
  let after: string | undefined;
  do {
    const page = await books.evaluate('ListDeposits', { limit: PAGE, ...(after && { after }) });
    all.push(...page.deposits);
    after = page.next;
  } while (after !== undefined);
  return all;
};
