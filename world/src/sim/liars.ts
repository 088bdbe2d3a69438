import type { KeyObject } from 'node:crypto';
import { hexToBytes, type RequestResult, signOrder, signRequest } from '@tapwatt/firmware-contracts';
import type { Books } from './checks/books.ts';
import { forgedName, isForged } from './faults/forged-name.ts';
import { FORGED_ORDERS, type ForgedOrder } from './faults/forged-orders.ts';
import { FORGED_REQUESTS, type ForgedRequest } from './faults/forged-requests.ts';
import { FORGED_SUBMISSIONS, type ForgedSubmission } from './faults/forged-submissions.ts';
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
  readonly #stranger: KeyObject;
  readonly #frames = { vouchers: [] as Uint8Array[], receipts: [] as Uint8Array[] };
  #isOver = false;
  #told = 0;

  constructor(world: World, of: LiarsOf) {
    this.#world = world;
    this.#of = of;
    this.#chance = world.chance('liars');
    this.#stranger = seededKey(world.chance('key of a stranger'));
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
    const { town, books } = this.#of;
    const lie: ForgedRequest | undefined = this.#chance.pick(FORGED_REQUESTS)({
      ...{
        town,
        books,
        by: handset.town,
        heard: this.#frames,
        stranger: this.#stranger,
        chance: this.#chance,
      },
    });
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
    const gateways = this.#of.site.gateways.filter(({ isUp }) => isUp);
    const gateway = gateways.length === 0 ? undefined : this.#chance.pick(gateways);
    // What is a lie to one of two copies may be new to the other.
    const books = gateway?.books ?? this.#of.books;
    const { town } = this.#of;
    const lie: ForgedOrder | undefined = this.#chance.pick(FORGED_ORDERS)({
      ...{ town, books, stranger: this.#stranger, chance: this.#chance },
    });
    const administer = gateway?.administer;
    if (administer === undefined || lie === undefined) return false;
    const { op, request, by, after, aud = LEDGER_ID, mayBeTrue = false } = lie;
    if (after !== undefined) this.#truly(administer, after);
    const requestId = mayBeTrue ? `perhaps-${++this.#told}` : forgedName(++this.#told);
    const payload = { aud, requestId, op, at: 0, request };
    const asked = `${op} by ${by.kid}`;
    administer(signOrder(payload, by)).then(
      (result) => mayBeTrue || this.#carriedOut(asked, result),
      (error) => this.#world.trace.note('liar', `${asked} is refused: ${codeOf(error)}`),
    );
    return true;
  }

  #truly(administer: (jws: string) => Promise<unknown>, { by, op, request }: Omit<ForgedOrder, 'aud'>): void {
    const payload = { aud: LEDGER_ID, requestId: `true-${++this.#told}`, op, at: 0, request };
    administer(signOrder(payload, by)).catch((error) =>
      this.#world.trace.note('liar', `${op}: ${codeOf(error)}`),
    );
  }

  #submission(): boolean {
    const { town, books, site } = this.#of;
    const requestId = forgedName(++this.#told);
    const circumstances = { town, books, stranger: this.#stranger, chance: this.#chance, requestId };
    const lie: ForgedSubmission | undefined = this.#chance.pick(FORGED_SUBMISSIONS)(circumstances);
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
