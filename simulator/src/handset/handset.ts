import type { KeyObject } from 'node:crypto';
import {
  type HandsetRequest,
  identityOf,
  JWS_LENGTH_MAX,
  type RequestResult,
  type RequestStatus,
  signRequest,
  type TapState,
  type TapStep,
  TapwattError,
  topics,
} from '@tapwatt/firmware-contracts';
import { type Backoff, backoffDelay } from '../link/backoff.ts';
import type { Link, LinkFactory } from '../link/link.ts';
import type { Random } from '../time/random.ts';
import type { Time } from '../time/time.ts';
import { type Ask, type Heard, hear, newAsk, sent } from './ask.ts';
import { type BagStore, memoryBagStore } from './bag-store.ts';
import { Courier } from './courier.ts';
import { parseResult } from './parse-result.ts';
import { receiptsIn } from './receipts-in.ts';
import type { RequestStore } from './request-store.ts';
import { hasReached } from './status.ts';
import type { StoredRequest } from './stored-request.ts';

/** A request's own fields: what WIRE.md "Handset requests" lists for its `op`. */
export type Wish = HandsetRequest extends infer R
  ? R extends HandsetRequest
    ? Omit<R, 'aud' | 'requestId' | 'at'>
    : never
  : never;

/** What is kept beside the signed bytes. */
export type WishNotes = Pick<StoredRequest, 'thenRedeem' | 'thenCarry' | 'follows' | 'meterId' | 'amount'>;

export type HandsetObservation =
  | { readonly type: 'up' }
  | { readonly type: 'down'; readonly reason: string }
  | { readonly type: 'sent'; readonly requestId: string; readonly attempt: number }
  | { readonly type: 'store-failed'; readonly requestId: string; readonly error: unknown }
  | { readonly type: 'tapped'; readonly tap: TapState }
  | { readonly type: 'heard'; readonly heard: Heard; readonly ask: Ask; readonly result: RequestResult };

export interface HandsetOptions {
  readonly id: string;
  readonly site: string;
  readonly ledgerId: string;
  readonly privateKey: KeyObject;
  readonly password: string;
  readonly links: LinkFactory;
  readonly store: RequestStore;
  /** What it carries to meters; without it, what is only in RAM. */
  readonly bag?: BagStore;
  readonly time: Time;
  /** Spreads retries. */
  readonly random: Random;
  /** Makes a requestId that this handset never made before, in any run. */
  readonly newRequestId: () => string;
  readonly maxOutstanding?: number;
  readonly resend?: Backoff;
  readonly observe?: (observation: HandsetObservation) => void;
}

interface Waiter {
  readonly goal: RequestStatus;
  readonly resolve: (ask: Ask) => void;
}

const RESEND_BACKOFF: Backoff = { firstMs: 2_000, maxMs: 30_000 };
const MAX_OUTSTANDING = 4_096;
const MILLIS = 1_000;

/**
 * An agent's handset on MQTT: it makes, signs and stores a request before it first sends it, sends the same bytes again
 * until the request is final, and takes results by their requestId. It has no timer of its own: `tick` is called from
 * outside, at least once a second.
 */
export class Handset {
  readonly #options: HandsetOptions;
  readonly #link: Link;
  readonly #requestTopic: string;
  readonly #resend: Backoff;
  readonly #asks = new Map<string, Ask>();
  readonly #courier: Courier;
  readonly #waiters = new Map<string, Set<Waiter>>();

  constructor(options: HandsetOptions) {
    const own = topics(options.site).handset(options.id);
    this.#options = options;
    this.#requestTopic = own.request;
    this.#resend = options.resend ?? RESEND_BACKOFF;
    this.#courier = new Courier({
      bag: options.bag ?? memoryBagStore(),
      inHand: () => receiptsIn(this.#asks.values()),
      handIn: (receipts) => void this.#begin({ op: 'receipts', receipts }, {}),
    });
    this.#link = options.links(
      {
        identity: identityOf({ who: 'handset', id: options.id }),
        password: options.password,
        filters: [own.result],
      },
      {
        up: () => this.#linkUp(),
        down: (reason) => this.#observe({ type: 'down', reason }),
        message: (topic, payload) => this.#receive(topic === own.result ? parseResult(payload) : undefined),
      },
    );
  }

  get id(): string {
    return this.#options.id;
  }

  get isUp(): boolean {
    return this.#link.isUp;
  }

  /** Requests that are not final yet. */
  get outstanding(): readonly Ask[] {
    return [...this.#asks.values()];
  }

  /** Takes up what was outstanding when it stopped, and connects. Throws DATA_DAMAGED from the store. */
  start(): void {
    const stored = this.#options.store.load();
    const followed = new Set(stored.map(({ follows }) => follows?.requestId));
    for (const request of stored) {
      if (followed.has(request.requestId)) this.#options.store.remove(request.requestId);
      else this.#asks.set(request.requestId, newAsk(request, this.#options.time.now(), true));
    }
    this.#link.connect();
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  /** Signs, stores and sends. Throws BUSY over the limit of outstanding requests, BAD_REQUEST, or the store's error. */
  ask(wish: Wish, notes: WishNotes = {}): Ask {
    this.#requireRoom();
    return this.#begin(wish, notes);
  }

  /** Taps a meter: the step's command goes to the card, and its response to `answerTap`. Throws BUSY. */
  beginTap(): TapStep {
    this.#requireRoom();
    return this.#courier.begin();
  }

  /** Goes on with a tap, with or without a network; `undefined` where the card is gone. Throws the store's error. */
  answerTap(state: TapState, response: Uint8Array | undefined): TapStep {
    const step = this.#courier.answer(state, response);
    if (step.state.end !== undefined) this.#observe({ type: 'tapped', tap: step.state });
    return step;
  }

  /** What a tap brings is a request too. */
  #requireRoom(): void {
    const max = this.#options.maxOutstanding ?? MAX_OUTSTANDING;
    if (this.#asks.size < max) return;
    throw new TapwattError('BUSY', `${this.id} has ${this.#asks.size} requests outstanding.`);
  }

  #begin(wish: Wish, notes: WishNotes): Ask {
    const request = this.#make(wish, notes);
    this.#options.store.put(request);
    const ask = newAsk(request, request.madeAtMs);
    this.#asks.set(request.requestId, ask);
    this.#send(ask);
    return ask;
  }

  /**
   * Resolves with the ask when its status has reached `goal` or it is final. Rejects with DEADLINE after `timeoutMs`;
   * the request itself goes on.
   */
  reached(requestId: string, goal: RequestStatus, timeoutMs: number): Promise<Ask> {
    const now = this.#asks.get(requestId);
    if (now !== undefined && hasReached(now.status, goal)) return Promise.resolve(now);
    if (now === undefined)
      return Promise.reject(new TapwattError('REQUEST_UNKNOWN', `${requestId} is not outstanding.`));
    return new Promise((resolve, reject) => {
      const cancel = this.#options.time.after(timeoutMs, () => {
        this.#waiters.get(requestId)?.delete(waiter);
        reject(
          new TapwattError('DEADLINE', `Request ${requestId} did not reach ${goal} within ${timeoutMs} ms.`),
        );
      });
      const waiter: Waiter = {
        goal,
        resolve: (ask) => {
          cancel();
          resolve(ask);
        },
      };
      const waiters = this.#waiters.get(requestId) ?? new Set();
      this.#waiters.set(requestId, waiters.add(waiter));
    });
  }

  /** Sends again what is due. */
  tick(): void {
    if (!this.isUp) return;
    const now = this.#options.time.now();
    for (const ask of this.#asks.values()) if (ask.dueAtMs <= now) this.#send(ask);
  }

  #make(wish: Wish, notes: WishNotes): StoredRequest {
    const { ledgerId, id, privateKey, time, newRequestId } = this.#options;
    const madeAtMs = time.now();
    const requestId = newRequestId();
    const payload = { aud: ledgerId, requestId, at: Math.floor(madeAtMs / MILLIS), ...wish };
    const jws = signRequest(payload, { kid: id, privateKey });
    if (jws.length > JWS_LENGTH_MAX) throw new TapwattError('BAD_REQUEST', 'The request is too long.');
    const issue =
      wish.op === 'issue' ? { deliver: wish.deliver, meterId: wish.meterId, amount: wish.amount } : {};
    return { requestId, op: wish.op, jws, madeAtMs, ...issue, ...notes };
  }

  #linkUp(): void {
    this.#observe({ type: 'up' });
    for (const ask of this.#asks.values()) this.#send(ask);
  }

  #send(ask: Ask): void {
    const { requestId, jws } = ask.request;
    if (!this.#link.publish(this.#requestTopic, new TextEncoder().encode(jws))) return;
    const wait = backoffDelay(this.#resend, ask.attempts, this.#options.random);
    const next = sent(ask, this.#options.time.now(), wait);
    this.#asks.set(requestId, next);
    this.#observe({ type: 'sent', requestId, attempt: next.attempts });
  }

  #receive(result: RequestResult | undefined): void {
    const known = result === undefined ? undefined : this.#asks.get(result.requestId);
    if (result === undefined || known === undefined) return;
    const { ask, heard } = hear(known, result, this.#options.time.now());
    this.#asks.set(result.requestId, ask);
    if (ask.isFinal && !this.#finish(ask)) {
      this.#asks.set(result.requestId, { ...known, dueAtMs: this.#options.time.now() + this.#resend.maxMs });
      return;
    }
    this.#observe({ type: 'heard', heard, ask, result });
    this.#wake(ask);
  }

  /** What follows from a request is stored before the request is forgotten, so that no stop in between loses it. */
  #finish(ask: Ask): boolean {
    const { requestId } = ask.request;
    try {
      this.#follow(ask);
      this.#options.store.remove(requestId);
    } catch (error) {
      this.#observe({ type: 'store-failed', requestId, error });
      return false;
    }
    this.#asks.delete(requestId);
    return true;
  }

  #follow({ request, facts }: Ask): void {
    if (request.op === 'receipts' && facts.acks !== undefined) this.#courier.carryBack(facts.acks);
    if (facts.voucher === undefined) return;
    if (request.thenCarry === true) this.#courier.keep(facts.voucher);
    if (request.thenRedeem !== true) return;
    const { requestId, madeAtMs, meterId, amount } = request;
    const follows = { requestId, madeAtMs, issuedAtMs: this.#options.time.now() };
    const notes = { follows, ...(meterId && { meterId }), ...(amount && { amount }) };
    this.#begin({ op: 'redeem', voucher: facts.voucher }, notes);
  }

  #wake(ask: Ask): void {
    const { requestId } = ask.request;
    const waiters = this.#waiters.get(requestId);
    if (waiters === undefined) return;
    const woken = [...waiters].filter((waiter) => ask.isFinal || hasReached(ask.status, waiter.goal));
    for (const waiter of woken) waiters.delete(waiter);
    if (waiters.size === 0) this.#waiters.delete(requestId);
    for (const waiter of woken) waiter.resolve(ask);
  }

  #observe(observation: HandsetObservation): void {
    this.#options.observe?.(observation);
  }
}
