import { hexToBytes, type RequestResult, signOrder, signRequest } from '@tapwatt/firmware-contracts';
import type { Books } from './checks/books.ts';
import type { Circumstances } from './faults/circumstances.ts';
import { forgedName, isForged } from './faults/forged-name.ts';
import { FORGED_ORDERS, type ForgedOrder } from './faults/forged-orders.ts';
import { FORGED_REQUESTS } from './faults/forged-requests.ts';
import { FORGED_SUBMISSIONS } from './faults/forged-submissions.ts';
import type { FaultKind } from './faults/kinds.ts';
import type { Chance } from './kernel/chance.ts';
import { seededKey } from './kernel/seeded-key.ts';
import { codeOf } from './nodes/gateway-process.ts';
import type { HandsetNode } from './nodes/handset-node.ts';
import { LEDGER_ID } from './nodes/settings.ts';
import type { Site } from './nodes/site.ts';
import type { Town } from './nodes/town.ts';
import type { World } from './world.ts';

/** Between two lies of a kind at full strength, on average, in wishes of a client. */
const WISHES_A_LIE = 2;
/** Genuine frames of each kind that a liar remembers. */
const MAX_KEPT = 50;

interface LiarsOf {
  readonly town: Town;
  readonly site: Site;
  readonly books: Books;
  readonly handsets: readonly HandsetNode[];
}

/**
 * People who ask for what they may not have: requests and orders signed by another's key, for another ledger, in another
 * role, or twice by one person where two are needed; and old requests said again, as they were. A lie is refused, always.
 */
export class Liars {
  readonly #world: World;
  readonly #of: LiarsOf;
  readonly #chance: Chance;
  readonly #circumstances: Circumstances;
  readonly #frames = { vouchers: [] as Uint8Array[], receipts: [] as Uint8Array[] };
  #isOver = false;
  #told = 0;

  constructor(world: World, of: LiarsOf) {
    this.#world = world;
    this.#of = of;
    this.#chance = world.chance('liars');
    const { town, books } = of;
    const stranger = seededKey(world.chance('key of a stranger'));
    this.#circumstances = { town, books, stranger, chance: this.#chance };
    for (const handset of of.handsets) handset.onResult = (result) => this.#heard(handset, result);
  }

  start(): void {
    this.#go('request-forged', () => this.#request());
    this.#go('request-replayed', () => this.#replay());
    this.#go('order-forged', () => this.#order());
    this.#go('submission-forged', () => this.#submission());
  }

  stop(): void {
    this.#isOver = true;
  }

  #go(kind: FaultKind, lie: () => boolean): void {
    const strength = this.#world.strength(kind);
    if (strength === 0) return;
    const meanMs = (this.#world.plan.wishEveryMs * WISHES_A_LIE) / strength;
    const later = (): void =>
      this.#world.inLight(this.#chance.below(2 * meanMs), () => {
        if (this.#isOver) return;
        if (lie()) this.#world.tally.fault(kind);
        later();
      });
    later();
  }

  #request(): boolean {
    const handset = this.#chance.pick(this.#of.handsets);
    const asking = { ...this.#circumstances, by: handset.town, heard: this.#frames };
    const lie = this.#chance.pick(FORGED_REQUESTS)(asking);
    if (lie === undefined) return false;
    const { wish, kid, privateKey, aud = LEDGER_ID } = lie;
    const payload = { aud, requestId: forgedName(++this.#told), at: 0, ...wish };
    return handset.say(Buffer.from(signRequest(payload, { kid, privateKey })));
  }

  #replay(): boolean {
    const handset = this.#chance.pick(this.#of.handsets);
    return handset.said.length > 0 && handset.say(this.#chance.pick(handset.said));
  }

  #heard(handset: HandsetNode, result: RequestResult): void {
    const { requestId, status, voucher, receipt, outcomes = [] } = result;
    this.#keep('vouchers', voucher);
    this.#keep('receipts', receipt);
    const areRefused = outcomes.length > 0 && outcomes.every(({ outcome }) => outcome === 'refused');
    if (!isForged(requestId) || status === 'refused' || areRefused) return;
    this.#world.violated('rights', `${handset.name} was told ${status} to what it may not ask, ${requestId}`);
  }

  #keep(what: 'vouchers' | 'receipts', frame: string | undefined): void {
    if (frame !== undefined && this.#frames[what].push(hexToBytes(frame)) > MAX_KEPT)
      this.#frames[what].shift();
  }

  #order(): boolean {
    const gateway = this.#chance.oneOf(this.#of.site.gateways.filter(({ isUp }) => isUp));
    // What is a lie to one of two copies may be new to the other.
    const books = gateway?.books ?? this.#of.books;
    const lie = this.#chance.pick(FORGED_ORDERS)({ ...this.#circumstances, books });
    const administer = gateway?.administer;
    if (administer === undefined || lie === undefined) return false;
    const { after, mayBeTrue = false } = lie;
    const order = (one: ForgedOrder, requestId: string, isLie: boolean): void => {
      const asked = `${one.op} by ${one.by.kid}`;
      administer(signed(one, requestId)).then(
        (result) => isLie && this.#carriedOut(asked, result),
        (error) => this.#world.trace.note('liar', `${asked} is refused: ${codeOf(error)}`),
      );
    };
    if (after !== undefined) order(after, `true-${++this.#told}`, false);
    order(lie, mayBeTrue ? `perhaps-${++this.#told}` : forgedName(++this.#told), !mayBeTrue);
    return true;
  }

  #submission(): boolean {
    const { site } = this.#of;
    const asking = { ...this.#circumstances, requestId: forgedName(++this.#told) };
    const lie = this.#chance.pick(FORGED_SUBMISSIONS)(asking);
    if (lie === undefined || site.books === undefined) return false;
    const { by, name, request, isRefused = () => false } = lie;
    site
      .books(by)
      .submit(name, request as never)
      .then(
        ({ result }) => isRefused(result) || this.#carriedOut(`${name} by a stolen key`, result),
        (error) => this.#world.trace.note('liar', `${name} by a stolen key is refused: ${codeOf(error)}`),
      );
    return true;
  }

  /** What was done before, by those who may, is only told again. */
  #carriedOut(asked: string, result: unknown): void {
    if ((result as { readonly repeated?: boolean }).repeated === true) return;
    this.#world.violated('rights', `${asked} was carried out`);
  }
}

const signed = ({ by, op, request, aud = LEDGER_ID }: ForgedOrder, requestId: string): string =>
  signOrder({ aud, requestId, op, at: 0, request }, by);
