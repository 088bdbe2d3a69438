import { canonicalJson, signOrder } from '@tapwatt/firmware-contracts';
import { LedgerRejected } from '@tapwatt/gateway';
import type { Books } from '../checks/books.ts';
import type { Chance } from '../kernel/chance.ts';
import type { World } from '../world.ts';
import type { OfficeAnswers } from './office-answers.ts';
import { LEDGER_ID } from './settings.ts';
import type { Site } from './site.ts';
import type { Town } from './town.ts';

export type OfficeRole = 'discom' | 'bank' | 'agency';

/** One signed order, the same bytes however often it is sent. */
export interface OfficeOrder {
  readonly op: string;
  readonly jws: string;
  readonly then: () => void;
  isDone: boolean;
}

export interface OfficeOf {
  readonly town: Town;
  readonly site: Site;
  /** Of the ledger that all gateways have, or of the one that is there always. */
  readonly books: Books;
  readonly answers: OfficeAnswers;
}

const ANSWER_DEADLINE_MS = 10_000;
const AGAIN_MS = 2_000;
/** More wait for nobody: the office asks for nothing new meanwhile. */
const MAX_WAITING = 8;
const ASK_AGAIN = 0.2;

/** What is about the answer and not about what was done: who comes again is told so. */
const withoutRepeated = (result: unknown): string => {
  const { repeated: _r, meter: _m, ...rest } = result as Record<string, unknown>;
  return canonicalJson(rest);
};

/**
 * The people of utility, bank and agency: their signed orders go to whichever gateway is up, again and again until one
 * of them answers. The same order always has its first answer (I4).
 */
export class Office {
  readonly #world: World;
  readonly #of: OfficeOf;
  readonly #chance: Chance;
  readonly #waiting = new Set<OfficeOrder>();
  #made = 0;
  #news = 0;

  constructor(world: World, of: OfficeOf) {
    this.#world = world;
    this.#of = of;
    this.#chance = world.chance('office');
  }

  get isBusy(): boolean {
    return this.#waiting.size >= MAX_WAITING;
  }

  /** Orders without an outcome, in words. */
  get waitsFor(): readonly string[] {
    return [...this.#waiting].map(({ op }) => `an order to ${op}`);
  }

  /** Changes whenever something is ordered, was done or refused, or may have been forgotten. */
  get news(): number {
    return this.#news + this.#of.answers.forgettings;
  }

  /** Signs and sends an order; `then` runs when it was first carried out. */
  order(role: OfficeRole, op: string, request: object, then: () => void = () => undefined): OfficeOrder {
    const privateKey = this.#of.town.roleKeys[role];
    const payload = { aud: LEDGER_ID, requestId: `office-${++this.#made}`, op, at: 0, request };
    const jws = signOrder(payload, { kid: role, privateKey });
    const order = { op, then, jws, isDone: false };
    this.repeat(order);
    return order;
  }

  /** It has no outcome yet, or is asked for once more. */
  isWaitingFor(order: OfficeOrder): boolean {
    return this.#waiting.has(order);
  }

  /** Sends what was signed before, unless it is on its way. */
  repeat(order: OfficeOrder): void {
    if (this.#waiting.has(order)) return;
    this.#waiting.add(order);
    this.#news += 1;
    this.#world.tally.did(`order ${order.op}`);
    void this.#try(order);
  }

  async #try(order: OfficeOrder): Promise<void> {
    const gateway = this.#chance.oneOf(this.#of.site.gateways.filter(({ isUp }) => isUp));
    const by = gateway?.books ?? this.#of.books;
    let isHeard = false;
    const late = (): void => {
      if (!isHeard) this.#again(order);
      isHeard = true;
    };
    this.#world.time.after(ANSWER_DEADLINE_MS, late);
    try {
      const result = await gateway?.administer?.(order.jws);
      if (isHeard || result === undefined) return;
      isHeard = true;
      this.#carriedOut(order, by, withoutRepeated(result));
    } catch (error) {
      if (isHeard || !(error instanceof LedgerRejected)) return;
      isHeard = true;
      this.#refused(order, by, error.code);
    }
  }

  #again(order: OfficeOrder): void {
    this.#world.inLight(AGAIN_MS, () => void this.#try(order));
  }

  #carriedOut(order: OfficeOrder, by: Books, answer: string): void {
    this.#news += 1;
    this.#world.trace.note('office', `${order.op} is done: ${answer}`);
    this.#of.answers.carriedOut(by, order, answer);
    if (!order.isDone) order.then();
    order.isDone = true;
    if (this.#chance.happens(ASK_AGAIN)) this.#again(order);
    else this.#waiting.delete(order);
  }

  #refused(order: OfficeOrder, by: Books, code: string): void {
    this.#news += 1;
    this.#world.trace.note('office', `${order.op} is refused: ${code}`);
    this.#of.answers.refused(by, order, code);
    this.#waiting.delete(order);
  }
}
