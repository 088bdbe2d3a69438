import type { VoucherRecord } from '@tapwatt/chaincode';
import {
  decodeAcknowledgement,
  hexToBytes,
  RESULT,
  type RequestResult,
  type TapState,
} from '@tapwatt/firmware-contracts';
import type { Ledger } from '@tapwatt/gateway';
import {
  type ClientHistory,
  createClientHistory,
  type RequestHistory,
} from '../../history/client-history.ts';
import { untrueAnswers } from '../../history/untrue-answers.ts';
import type { World } from '../world.ts';
import type { Books } from './books.ts';
import type { CreditLog } from './credit-log.ts';
import type { Lines } from './lines.ts';

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

/** What a meter says of bytes that did not arrive whole. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['BAD_FORMAT', 'WRONG_METER', 'BAD_MAC']);
/** What a meter says of what it has forgotten, too (WIRE.md, "What the meter does with a voucher"). */
const SAYS_NEVER: ReadonlySet<string> = new Set(['BAD_EPOCH', 'OUT_OF_WINDOW', 'CLOSED']);
const CREDITED_STATUSES: ReadonlySet<string> = new Set(['on-meter', 'settled', 'redeemed']);

interface Claim {
  readonly status: string;
  readonly voucherId: string;
  /** The ledger that said it had released the voucher without proof. */
  readonly isOfReleased: boolean;
}

/** What one request heard. */
interface Said {
  /** When it last heard something, by the copy that said it. */
  readonly at: Map<Books, number>;
  /** Every status that it heard of every voucher. */
  readonly claims: Map<string, Claim>;
}

interface Abandoned {
  readonly handset: string;
  /** The request that asked for it. */
  readonly requestId: string;
  readonly of: string;
}

/** What a ledger that forgot a credit may come to: a release is no proof, and its sum is owed until the credit is found. */
const AFTER_CREDIT: ReadonlySet<string> = new Set(['REDEEMED', 'RELEASED']);
/** Once voided: a ledger that forgot it may have had to release it, for the meter has left that epoch behind. */
const GIVEN_BACK: ReadonlySet<string> = new Set(['VOIDED', 'RELEASED']);

/**
 * I4: every answer given to a client is true when it is heard, and stays true to the end. What a copy of the ledger
 * said that was lost with it must be accounted for: whatever it said to be credited was, and is found.
 */
export class Answers {
  readonly history: ClientHistory = createClientHistory();
  readonly #abandoned: Abandoned[] = [];
  readonly #world: World;
  readonly #lines: Lines;
  readonly #credits: CreditLog;
  readonly #said = new Map<string, Said>();
  readonly #forgotten = new Set<string>();

  constructor(world: World, lines: Lines, credits: CreditLog) {
    this.#world = world;
    this.#lines = lines;
    this.#credits = credits;
  }

  /** This request was told that another one of the same handset will never be committed. */
  abandoned(about: Abandoned): void {
    this.#abandoned.push(about);
  }

  /** A ledger that forgets nothing has this request: whoever asks about it from now on is never told that there is none. */
  isKnownForEver(handset: string, requestId: string): boolean {
    const { faults } = this.#world.plan;
    const mayForget = faults.has('ledger-restored') || faults.has('ledger-cloned');
    return !mayForget && this.#lines.main.hasRequest(handset, requestId);
  }

  /** It was told of a request, which the ledger had when it asked, that there is none. */
  deniedKnown(handset: string, requestId: string): void {
    this.#world.violated('I4', `${handset} was told that nobody knows ${requestId}`);
  }

  hear(handset: string, op: string, result: RequestResult, isContradiction: boolean): void {
    const books = this.#lines.of(handset);
    this.history.hear(op, result);
    this.#write(books, result);
    this.#world.tally.did('answers');
    if (op === 'receipts' && result.status === 'settled') this.#heardReceipts(handset, result);
    const { voucherId, status } = result;
    // Who was told of a release, which is no proof, may hear of the credit later.
    const wasReleased = voucherId !== undefined && books.voucher(voucherId)?.released !== undefined;
    if (isContradiction && !wasReleased) this.history.contradicted(result.requestId);
    const isTrue = TRUE_WHEN[status];
    if (voucherId === undefined || isTrue === undefined) return;
    const voucher = books.voucher(voucherId);
    if (voucher === undefined && this.#isSettledAsOrphan(books, result)) return;
    if (voucher !== undefined && this.#credits.wasReplaced(voucher.meterId)) return;
    if (isTrue(voucher, this.#credits.isCredited(voucherId))) return;
    const so = `the voucher is ${voucher?.status ?? 'unknown'}`;
    this.#world.violated('I4', `${handset} was told ${status} for ${result.requestId}; ${so}`);
  }

  /** Every result that reaches a handset, also one that it no longer waits for: what is credited was never refused. */
  overhear(handset: string, { requestId, status, code, voucherId }: RequestResult): void {
    if (status !== 'refused' || voucherId === undefined) return;
    const voucher = this.#lines.of(handset).voucher(voucherId);
    if (voucher !== undefined && SAYS_NOTHING.has(code ?? ''))
      this.#world.violated(
        'I4',
        `${handset} was told ${code} for ${requestId}: that is about bytes, not about a voucher`,
      );
    if (!SAYS_NEVER.has(code ?? '')) return;
    if (voucher?.status !== 'REDEEMED' || this.#credits.wasReplaced(voucher.meterId)) return;
    this.#world.violated('I4', `${handset} was told ${code} for ${requestId}; ${voucherId} is REDEEMED`);
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
      const voucher = voucherId === undefined ? undefined : this.#lines.of(handset).voucher(voucherId);
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
    const books = this.#lines.of(handset);
    const open = books.meter(`${meterId}`)?.open ?? [];
    for (const { voucherId } of open) {
      const voucher = books.voucher(voucherId);
      if (voucher?.keyEpoch !== keyEpoch || voucher.seq >= floorSeq) continue;
      this.#world.violated('I4', `${handset} was given a floor of ${floorSeq} above open ${voucherId}`);
    }
  }

  /** A forgotten voucher has its end when the ledger has taken down what its meter did. */
  #isSettledAsOrphan(books: Books, { voucherId = '', status }: RequestResult): boolean {
    const isCredited = this.#credits.isCredited(voucherId);
    const isEnd =
      status === 'settled' || status === 'redeemed' ? isCredited : status === 'voided' && !isCredited;
    return isEnd && [...books.orphans].some((orphan) => orphan.voucherId === voucherId);
  }

  #write(books: Books, { requestId, status, voucherId }: RequestResult): void {
    const said = this.#said.get(requestId) ?? { at: new Map(), claims: new Map() };
    this.#said.set(requestId, said);
    said.at.set(books, this.#world.time.now());
    if (voucherId === undefined) return;
    const isOfReleased = books.voucher(voucherId)?.released !== undefined;
    said.claims.set(`${status} ${voucherId} ${isOfReleased}`, { status, voucherId, isOfReleased });
  }

  /** What these books said since then is forgotten; `was` are the books as they were. */
  forget(books: Books, { sinceMs, was }: { readonly sinceMs: number; readonly was: Books }): void {
    for (const [requestId, { at }] of this.#said) {
      const atMs = at.get(books);
      if (atMs === undefined || atMs < sinceMs) continue;
      at.delete(books);
      at.set(was, atMs);
      if (!this.#forgotten.has(requestId)) this.#world.tally.did('requests with forgotten answers');
      this.#forgotten.add(requestId);
    }
  }

  /** The main books are now those of another copy: what that one said, they have said. */
  inherit(heir: Books, from: Books): void {
    for (const { at } of this.#said.values()) {
      const atMs = at.get(from);
      if (atMs !== undefined) at.set(heir, Math.max(atMs, at.get(heir) ?? atMs));
      at.delete(from);
    }
  }

  /** Holds everything that was ever answered against the books at the end. */
  async review(books: Pick<Ledger, 'evaluate'>): Promise<void> {
    for (const { handset, requestId, of } of this.#abandoned) {
      if (this.#forgotten.has(requestId)) continue;
      const request = await books.evaluate('GetRequest', { kid: handset, requestId: of });
      if (request?.refused !== undefined) continue;
      this.#world.violated('I4', `${of} was told to be abandoned, and is not refused`);
    }
    const isFirm = (request: RequestHistory): boolean => !this.#isOfLost(request);
    const firm: ClientHistory = {
      ...this.history,
      requests: this.history.requests.filter(isFirm),
      contradictions: this.history.contradictions.filter((requestId) => !this.#forgotten.has(requestId)),
    };
    for (const untrue of await untrueAnswers(books, firm)) {
      const [invariant = 'I4', ...rest] = untrue.split(': ');
      this.#world.violated(invariant, rest.join(': '));
    }
    for (const request of this.history.requests) if (!isFirm(request)) this.#reviewLost(request);
  }

  /** Of a request that a lost copy answered, or that is about a voucher only a lost copy issued. */
  #isOfLost({ requestId, facts: { voucherId } }: RequestHistory): boolean {
    if (this.#forgotten.has(requestId)) return true;
    if (voucherId === undefined || this.#lines.main.voucher(voucherId) !== undefined) return false;
    return this.#credits.wasIssued(voucherId);
  }

  /** That what was credited is found is for the credits at rest; the proofs of a board that was replaced went with it. */
  #reviewLost({ requestId, op }: RequestHistory): void {
    for (const { status, voucherId, isOfReleased } of this.#said.get(requestId)?.claims.values() ?? []) {
      const isCredited = this.#credits.isCredited(voucherId);
      const voucher = this.#lines.main.voucher(voucherId);
      if (voucher !== undefined && this.#credits.wasReplaced(voucher.meterId)) continue;
      const now = voucher?.status;
      // One that was released without proof may have been credited, and its release is told all the same.
      const isReleased = isOfReleased || voucher?.released !== undefined;
      const isSo =
        (!CREDITED_STATUSES.has(status) || (isCredited && AFTER_CREDIT.has(now ?? 'REDEEMED'))) &&
        (status !== 'voided' || isReleased || (!isCredited && GIVEN_BACK.has(now ?? 'VOIDED')));
      if (isSo) continue;
      const so = `it is ${now ?? 'forgotten'}, and ${isCredited ? 'credited' : 'not credited'}`;
      this.#world.violated('I4', `${op} ${requestId} was told ${status} of ${voucherId}; ${so}`);
    }
  }
}
