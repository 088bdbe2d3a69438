import type { QueryResult, Submitter } from '@tapwatt/chaincode';
import { bytesToHex, publicKeyFromRaw, TapwattError } from '@tapwatt/firmware-contracts';
import type { Committed, Ledger } from '../ledger.ts';
import { dumpOf, type LedgerDump } from './dump.ts';
import type { EmbeddedLedger, RunningVerifier } from './embedded-ledger.ts';
import type { Engine } from './engine.ts';
import { type Head, type Meta, NO_HEAD, readHead } from './head.ts';
import type { EmbeddedLimits } from './limits.ts';
import { orderTxId } from './orders.ts';
import type { Pace } from './pace.ts';
import { PartyLedger, requireSize } from './party-ledger.ts';
import type { LedgerRules } from './rules.ts';
import type { EmbeddedStats, LedgerCondition } from './stats.ts';
import type { StoragePlace, StorageView } from './storage.ts';
import { LedgerVerifier } from './verifier.ts';
import { type VerifyOptions, type VerifyResult, verifyLedger } from './verify.ts';
import { rejected } from './waiters.ts';

const TX_ID_BYTES = 16;

export interface OpenedLedgerParts {
  readonly engine: Engine;
  readonly meta: Meta;
  readonly place: StoragePlace;
  readonly rules: LedgerRules;
  readonly pace: Pace;
  readonly limits: EmbeddedLimits;
  readonly random: { bytes(length: number): Uint8Array };
}

/** The open embedded ledger: hands its engine to parties, orders and checks. */
export class OpenedLedger implements EmbeddedLedger {
  readonly #parts: OpenedLedgerParts;

  constructor(parts: OpenedLedgerParts) {
    this.#parts = parts;
  }

  get ledgerId(): string {
    return this.#parts.meta.ledgerId;
  }

  get publicKey(): string {
    return this.#parts.meta.publicKey;
  }

  get condition(): LedgerCondition {
    return this.#parts.engine.condition;
  }

  as(submitter: Submitter): Ledger {
    const { engine, random, limits } = this.#parts;
    const newTxId = (): string => bytesToHex(random.bytes(TX_ID_BYTES));
    return new PartyLedger(engine, { submitter, newTxId, maxBytes: limits.transactionBytes });
  }

  async submitOrder(jws: string, { signal }: { signal?: AbortSignal } = {}): Promise<Committed<unknown>> {
    const bytes = requireSize(jws, this.#parts.limits.transactionBytes);
    return this.#parts.engine.submit({ jws, txId: txIdOfOrder(jws) }, bytes, signal);
  }

  headBlock(): { readonly number: number; readonly hash: string } {
    const { number, hash } = this.#parts.engine.head;
    return { number, hash };
  }

  stats(): Promise<EmbeddedStats> {
    return this.#parts.engine.stats();
  }

  atOneMoment<T>(read: (ledger: Pick<Ledger, 'evaluate'>) => Promise<T>): Promise<T> {
    return this.#overSnapshot((view) =>
      read({
        evaluate: async (name, request) =>
          (await this.#parts.engine.evaluateOver(view, name, request)) as QueryResult<typeof name>,
      }),
    );
  }

  verify(options: VerifyOptions = {}): Promise<VerifyResult> {
    const { meta, rules, pace, place } = this.#parts;
    const scratch = () => place.scratch();
    return this.#overSnapshot((view, head) =>
      verifyLedger({ view, meta, head, rules, pace, scratch }, options),
    );
  }

  async verifier(): Promise<RunningVerifier> {
    const { meta, rules, pace, place } = this.#parts;
    const publicKey = publicKeyFromRaw(meta.publicKey);
    const { ledgerId } = meta;
    const scratch = await place.scratch();
    const verifier = new LedgerVerifier({ scratch, rules, publicKey, ledgerId, pace });
    const advance = (): ReturnType<RunningVerifier['advance']> =>
      this.#overSnapshot((view, head) => verifier.advance(view, head, { compareWritten: true }));
    return {
      advance,
      finish: () =>
        this.#overSnapshot(
          async (view, head) =>
            (await verifier.advance(view, head)) ?? (await verifier.compareAll(view, head)),
        ),
      close: () => verifier.close(),
    };
  }

  dump(): LedgerDump {
    return dumpOf(this.#parts.engine.snapshot(), this.#parts);
  }

  close(): Promise<void> {
    return this.#parts.engine.close();
  }

  async #overSnapshot<T>(check: (view: StorageView, head: Head) => Promise<T>): Promise<T> {
    const snapshot = this.#parts.engine.snapshot();
    try {
      return await check(snapshot, readHead(snapshot) ?? NO_HEAD);
    } finally {
      snapshot.close();
    }
  }
}

const txIdOfOrder = (jws: string): string => {
  try {
    return orderTxId(jws);
  } catch (error) {
    throw error instanceof TapwattError ? rejected(error, error) : error;
  }
};
