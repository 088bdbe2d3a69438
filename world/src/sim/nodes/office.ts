import { canonicalJson, signOrder } from '@tapwatt/firmware-contracts';
import { LedgerRejected } from '@tapwatt/gateway';
import type { Chance } from '../kernel/chance.ts';
import type { World } from '../world.ts';
import { LEDGER_ID } from './settings.ts';
import type { Site } from './site.ts';
import type { Town } from './town.ts';

export type OfficeRole = 'discom' | 'bank' | 'agency';

/** One signed order on its way, the same bytes until it has an outcome. */
interface OfficeOrder {
  readonly op: string;
  readonly jws: string;
  readonly then: () => void;
  answer: string | undefined;
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
  readonly #town: Town;
  readonly #site: Site;
  readonly #chance: Chance;
  readonly #waiting = new Set<OfficeOrder>();
  #made = 0;

  constructor(world: World, of: { readonly town: Town; readonly site: Site }) {
    this.#world = world;
    this.#town = of.town;
    this.#site = of.site;
    this.#chance = world.chance('office');
  }

  get isBusy(): boolean {
    return this.#waiting.size >= MAX_WAITING;
  }

  /** Orders without an outcome, in words. */
  get waitsFor(): readonly string[] {
    return [...this.#waiting].map(({ op }) => `an order to ${op}`);
  }

  /** Signs and sends an order; `then` runs when it was carried out. */
  order(role: OfficeRole, op: string, request: object, then: () => void = () => undefined): void {
    const privateKey = this.#town.roleKeys[role];
    const payload = { aud: LEDGER_ID, requestId: `office-${++this.#made}`, op, at: 0, request };
    const order: OfficeOrder = {
      ...{ op, then, answer: undefined },
      jws: signOrder(payload, { kid: role, privateKey }),
    };
    this.#waiting.add(order);
    this.#world.tally.did(`order ${op}`);
    void this.#try(order);
  }

  async #try(order: OfficeOrder): Promise<void> {
    const gateways = this.#site.gateways.filter(({ isUp }) => isUp);
    const gateway = gateways.length === 0 ? undefined : this.#chance.pick(gateways);
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
      this.#carriedOut(order, withoutRepeated(result));
    } catch (error) {
      if (isHeard || !(error instanceof LedgerRejected)) return;
      isHeard = true;
      this.#refused(order, error.code);
    }
  }

  #again(order: OfficeOrder): void {
    this.#world.inLight(AGAIN_MS, () => void this.#try(order));
  }

  #carriedOut(order: OfficeOrder, answer: string): void {
    const { op } = order;
    if (order.answer !== undefined && order.answer !== answer) {
      this.#world.violated('I4', `${op} was answered ${order.answer}, and then ${answer}`);
    }
    const isFirst = order.answer === undefined;
    order.answer = answer;
    this.#world.trace.note('office', `${op} is done: ${answer}`);
    if (isFirst) order.then();
    if (this.#chance.happens(ASK_AGAIN)) this.#again(order);
    else this.#waiting.delete(order);
  }

  #refused(order: OfficeOrder, code: string): void {
    const { op, answer } = order;
    if (answer !== undefined)
      this.#world.violated('I4', `${op} was answered ${answer}, and then refused: ${code}`);
    this.#world.trace.note('office', `${op} is refused: ${code}`);
    this.#waiting.delete(order);
  }
}
