import type { VoucherRecord } from '@tapwatt/chaincode';
import type { Books } from './checks/books.ts';
import type { Chance } from './kernel/chance.ts';
import type { Office, OfficeOrder } from './nodes/office.ts';
import type { Town } from './nodes/town.ts';
import { OfficePaper, type OfficePaperOf, type Whom } from './office-paper.ts';
import type { World } from './world.ts';

/** Between two orders, on average, in wishes of a client. */
const WISHES_AN_ORDER = 4;
const DEPOSITS = ['100', '12345', '1000000'] as const;
const TWICE = 0.2;
/** How long a meter or a handset stays suspended, or a wallet frozen, at most. */
const MOST_HELD_MS = 20_000;

interface OfficeWorkOf extends OfficePaperOf {
  readonly town: Town;
}

/**
 * Utility, bank and agency at their daily work: keys renewed and meters closed, vouchers cancelled and released without
 * proof, deposits, and wallets, meters and handsets held for a while. Where a ledger may forget, no
 * wallet is closed: one of two machines may pay out what the other was paid, and no order mends that.
 */
export class OfficeWork {
  readonly #world: World;
  readonly #office: Office;
  readonly #town: Town;
  readonly #books: Books;
  readonly #chance: Chance;
  readonly paper: OfficePaper;
  readonly #duties: readonly (readonly [share: number, duty: () => void])[];
  #isOver = false;
  #isOneClosed = false;
  #made = 0;

  constructor(world: World, of: OfficeWorkOf) {
    this.#world = world;
    this.#office = of.office;
    this.#town = of.town;
    this.#books = of.books;
    this.#chance = world.chance('office work');
    this.paper = new OfficePaper(world, of);
    this.#duties = [
      [16, () => this.#renewKey()],
      [20, () => this.#cancel()],
      [14, () => this.#deposit()],
      [3, () => this.#holdWallet()],
      [3, () => this.#hold({ meterId: this.#chance.pick(this.#town.meters).meterId })],
      [3, () => this.#hold({ id: this.#chance.pick(this.#town.handsets).id })],
      [2, () => this.#closeMeter()],
      [23, () => this.#release()],
      ...(of.mayForget ? [] : [[4, () => this.#openAndCloseWallet()] as const]),
    ];
  }

  start(): void {
    this.paper.start();
    this.#goOn();
  }

  #goOn(): void {
    const meanMs = this.#world.plan.wishEveryMs * WISHES_AN_ORDER;
    this.#world.inLight(this.#chance.below(2 * meanMs), () => {
      if (this.#isOver) return;
      if (!this.#office.isBusy) this.#doSomething();
      this.#goOn();
    });
  }

  stop(): void {
    this.#isOver = true;
  }

  #doSomething(): void {
    let dice = this.#chance.below(this.#duties.reduce((sum, [share]) => sum + share, 0));
    for (const [share, duty] of this.#duties) {
      if (dice < share) {
        duty();
        return;
      }
      dice -= share;
    }
  }

  #renewKey(): void {
    const { meterId } = this.#chance.pick(this.#town.meters);
    const order = this.#office.order('discom', 'RotateMeterKey', { meterId, reason: 'due' });
    this.paper.renewed(meterId, order);
  }

  /** One at the most, and never the only one: nothing more can be sold to it. */
  #closeMeter(): void {
    if (this.#isOneClosed || this.#town.meters.length === 1) return;
    this.#isOneClosed = true;
    const { meterId } = this.#chance.pick(this.#town.meters);
    this.paper.closed(meterId, this.#office.order('discom', 'CloseMeter', { meterId, reason: 'moved out' }));
  }

  #cancel(): void {
    const voucherId = this.#oneThatIs('ISSUED');
    if (voucherId !== undefined) this.#cancelOne(voucherId);
  }

  #cancelOne(voucherId: string, then?: () => void): void {
    const role = this.#chance.happens(0.5) ? 'agency' : 'discom';
    const order = this.#office.order(role, 'RequestCancel', { voucherId, reason: 'complaint' }, then);
    this.paper.cancelled(voucherId, order);
  }

  /** One that waits for its meter, or one that is cancelled for it: before a sweep has brought the void order there. */
  #release(): void {
    const cancelled = this.#oneThatIs('CANCELLING');
    const issued = this.#oneThatIs('ISSUED');
    if (cancelled !== undefined) this.#releaseOne(cancelled);
    else if (issued !== undefined) this.#cancelOne(issued, () => this.#releaseOne(issued));
  }

  /** Proposed by one, done by the other. */
  #releaseOne(voucherId: string): void {
    const request = { voucherId, reason: 'meter lost' };
    this.#office.order('agency', 'ReleaseUnproven', request, () =>
      this.#office.order('discom', 'ReleaseUnproven', request),
    );
  }

  #deposit(walletId = this.#chance.pick(this.#town.handsets).walletId, then?: () => void): void {
    const depositId = `more-${++this.#made}`;
    const amount = this.#chance.pick(DEPOSITS);
    const deposit = { depositId, walletId, amount };
    const proposal = this.#office.order('agency', 'ProposeDeposit', deposit, () => {
      const confirmation = this.#confirm({ depositId, utr: `UTR-${depositId}` }, then);
      this.paper.paid({ ...deposit, proposal, confirmation });
    });
  }

  /** Sometimes two clerks of the bank do the same. */
  #confirm(
    deposit: { readonly depositId: string; readonly utr: string },
    then: (() => void) | undefined,
  ): OfficeOrder {
    const order = this.#office.order('bank', 'ConfirmDeposit', deposit, then);
    if (this.#chance.happens(TWICE)) this.#office.order('bank', 'ConfirmDeposit', deposit);
    return order;
  }

  #holdWallet(): void {
    const { walletId } = this.#chance.pick(this.#town.handsets);
    const order = (frozen: boolean, then?: () => void) =>
      this.#office.order('agency', 'FreezeWallet', { walletId, frozen }, then);
    this.#holdForAWhile({ walletId }, order);
  }

  #hold(whom: { readonly meterId: string } | { readonly id: string }): void {
    const order = (suspended: boolean, then?: () => void) =>
      this.#office.order('discom', 'Suspend', { ...whom, suspended, reason: 'inspection' }, then);
    this.#holdForAWhile(whom, order);
  }

  #holdForAWhile(whom: Whom, order: (isHeld: boolean, then?: () => void) => OfficeOrder): void {
    const set = (isHeld: boolean, then?: () => void): void =>
      this.paper.held({ whom, isHeld, order: order(isHeld, then), again: () => set(isHeld) });
    set(true, () => this.#world.time.after(this.#chance.below(MOST_HELD_MS), () => set(false)));
  }

  #openAndCloseWallet(): void {
    const walletId = `short-${++this.#made}`;
    const { agentId } = this.#chance.pick(this.#town.handsets);
    this.#office.order('agency', 'OpenWallet', { walletId, agentId }, () =>
      this.#deposit(walletId, () => this.#office.order('discom', 'CloseWallet', { walletId })),
    );
  }

  #oneThatIs(status: VoucherRecord['status']): string | undefined {
    return this.#chance.oneOf(this.#books.vouchersThatAre(status))?.voucherId;
  }
}
