import type { VoucherRecord } from '@tapwatt/chaincode';
import type { RequestResult } from '@tapwatt/firmware-contracts';
import type { Ledger } from '@tapwatt/gateway';
import { type ClientHistory, createClientHistory } from '../../history/client-history.ts';
import { untrueAnswers } from '../../history/untrue-answers.ts';
import type { World } from '../world.ts';
import type { Books } from './books.ts';
import type { CreditLog } from './credit-log.ts';

type Expectation = (voucher: VoucherRecord | undefined, isCredited: boolean) => boolean;

/** What must be so, at the moment when a client hears it, for the answer to be true. */
const TRUE_WHEN: Readonly<Record<string, Expectation>> = {
  issued: (voucher) => voucher !== undefined,
  'on-meter': (_voucher, isCredited) => isCredited,
  settled: (voucher) => voucher?.status === 'REDEEMED',
  redeemed: (voucher) => voucher?.status === 'REDEEMED',
  voided: (voucher) => voucher?.status === 'VOIDED' || voucher?.status === 'RELEASED',
};

/** I4: every answer given to a client is true when it is heard, and stays true to the end. */
export class Answers {
  readonly history: ClientHistory = createClientHistory();
  readonly #abandoned: (readonly [handset: string, requestId: string])[] = [];
  readonly #world: World;
  readonly #books: Books;
  readonly #credits: CreditLog;

  constructor(world: World, books: Books, credits: CreditLog) {
    this.#world = world;
    this.#books = books;
    this.#credits = credits;
  }

  /** This request was told that another one of the same handset will never be committed. */
  abandoned(handset: string, requestId: string): void {
    this.#abandoned.push([handset, requestId]);
  }

  hear(handset: string, op: string, result: RequestResult, isContradiction: boolean): void {
    this.history.hear(op, result);
    this.#world.tally.did('answers');
    const { voucherId, status } = result;
    // Who was told of a release, which is no proof, may hear of the credit later.
    const wasReleased = voucherId !== undefined && this.#books.voucher(voucherId)?.released !== undefined;
    if (isContradiction && !wasReleased) this.history.contradicted(result.requestId);
    const isTrue = TRUE_WHEN[status];
    if (voucherId === undefined || isTrue === undefined) return;
    const voucher = this.#books.voucher(voucherId);
    if (voucher !== undefined && this.#credits.wasReplaced(voucher.meterId)) return;
    if (isTrue(voucher, this.#credits.isCredited(voucherId))) return;
    const so = `the voucher is ${voucher?.status ?? 'unknown'}`;
    this.#world.violated('I4', `${handset} was told ${status} for ${result.requestId}; ${so}`);
  }

  /** Holds everything that was ever answered against the books at the end. */
  async review(books: Pick<Ledger, 'evaluate'>): Promise<void> {
    for (const [kid, requestId] of this.#abandoned) {
      const request = await books.evaluate('GetRequest', { kid, requestId });
      if (request?.refused !== undefined) continue;
      this.#world.violated('I4', `${requestId} was told to be abandoned, and is not refused`);
    }
    for (const untrue of await untrueAnswers(books, this.history)) {
      const [invariant = 'I4', ...rest] = untrue.split(': ');
      this.#world.violated(invariant, rest.join(': '));
    }
  }
}
