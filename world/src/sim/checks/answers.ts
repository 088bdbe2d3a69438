import type { VoucherRecord } from '@tapwatt/chaincode';
import {
  decodeAcknowledgement,
  hexToBytes,
  RESULT,
  type RequestResult,
  type TapState,
} from '@tapwatt/firmware-contracts';
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
  // Of one released without proof this may be heard late, when a courier has brought the proof of its credit.
  voided: (voucher) => voucher?.status === 'VOIDED' || voucher?.released !== undefined,
};

const TRUE_OUTCOMES: Readonly<Record<string, Expectation>> = {
  redeemed: (voucher) => voucher?.status === 'REDEEMED',
  voided: (voucher) => voucher?.status === 'VOIDED',
};

const CREDITED: ReadonlySet<number> = new Set([RESULT.APPLIED, RESULT.ALREADY_APPLIED]);
const VOIDED: ReadonlySet<number> = new Set([RESULT.VOIDED, RESULT.ALREADY_VOIDED]);

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
    if (op === 'receipts' && result.status === 'settled') this.#heardReceipts(handset, result);
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

  /** What a meter said at a tap is true at once, whoever heard it. */
  tapped(handset: string, { shown }: TapState): void {
    for (const { fields } of shown) {
      const { voucherId, result } = fields;
      this.#world.trace.note(handset, `was told ${result} to ${voucherId}`);
      if (this.#credits.wasReplaced(`${fields.meterId}`)) continue;
      const isCredited = this.#credits.isCredited(voucherId);
      const isSaidSo = CREDITED.has(result);
      if (isSaidSo) this.#world.tally.did('credits told at taps');
      if (isSaidSo ? isCredited : !isCredited || !VOIDED.has(result)) continue;
      this.#world.violated('I4', `${handset} was told ${result} at a tap for ${voucherId}`);
    }
  }

  /** What a courier hears of its receipts: each outcome, and acknowledgements of what is resolved. */
  #heardReceipts(handset: string, { requestId, outcomes = [], acks = [] }: RequestResult): void {
    for (const { outcome, voucherId } of outcomes) {
      this.#world.tally.did(`receipts ${outcome}`);
      const isTrue = TRUE_OUTCOMES[outcome];
      const voucher = voucherId === undefined ? undefined : this.#books.voucher(voucherId);
      if (isTrue === undefined || isTrue(voucher, true)) continue;
      const so = `the voucher is ${voucher?.status ?? 'unknown'}`;
      this.#world.violated('I4', `${handset} was told ${outcome} for ${requestId}; ${so}`);
    }
    for (const ack of acks) this.#heardAcknowledgement(handset, ack);
  }

  #heardAcknowledgement(handset: string, frame: string): void {
    const decoded = decodeAcknowledgement(hexToBytes(frame));
    if (!decoded.ok) {
      this.#world.violated('I4', `${handset} was given what is no acknowledgement`);
      return;
    }
    const { meterId, keyEpoch, floorSeq } = decoded.fields;
    this.#world.tally.did('acknowledgements carried');
    const open = this.#books.meter(`${meterId}`)?.open ?? [];
    for (const { voucherId } of open) {
      const voucher = this.#books.voucher(voucherId);
      if (voucher?.keyEpoch !== keyEpoch || voucher.seq >= floorSeq) continue;
      this.#world.violated('I4', `${handset} was given a floor of ${floorSeq} above open ${voucherId}`);
    }
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
