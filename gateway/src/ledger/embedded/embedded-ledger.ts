import type { Submitter } from '@tapwatt/chaincode';
import type { Committed, Ledger } from '../ledger.ts';
import type { LedgerDump } from './dump.ts';
import type { Finding } from './finding.ts';
import type { EmbeddedStats, LedgerCondition } from './stats.ts';
import type { VerifyOptions, VerifyResult } from './verify.ts';

/** Replays a running ledger step by step (invariant I7 of DESIGN.md); `undefined` means that all is as it must be. */
export interface RunningVerifier {
  /** Replays the blocks since the last step and compares what they wrote. */
  advance(): Promise<Finding | undefined>;
  /** Replays what is left and compares the whole state. */
  finish(): Promise<Finding | undefined>;
  /** Gives the replay's storage back. */
  close(): Promise<void>;
}

/** The ledger on one machine (DESIGN.md, "The ledger"): many parties use it, each through its own `Ledger`. */
export interface EmbeddedLedger {
  readonly ledgerId: string;
  /** The key that signs blocks; raw Ed25519, base64url. */
  readonly publicKey: string;
  readonly condition: LedgerCondition;
  /** The ledger as one party; closing that view leaves the ledger open. */
  as(submitter: Submitter): Ledger;
  /**
   * Commits an administrative order signed by its party (JWS). The same order again gives its first outcome; the
   * transaction id is that of `orderTxId`. Throws what `Ledger.submit` throws.
   */
  submitOrder(jws: string, options?: { readonly signal?: AbortSignal }): Promise<Committed<unknown>>;
  /** The newest durable block; number -1 never happens, block 0 is the genesis. */
  headBlock(): { readonly number: number; readonly hash: string };
  stats(): Promise<EmbeddedStats>;
  /** Runs a reading of several queries over one unchanging moment. Throws `LedgerUnavailable`. */
  atOneMoment<T>(read: (ledger: Pick<Ledger, 'evaluate'>) => Promise<T>): Promise<T>;
  /** Recomputes chain and state of the blocks durable now, while the ledger goes on. Throws `LedgerUnavailable`. */
  verify(options?: VerifyOptions): Promise<VerifyResult>;
  verifier(): Promise<RunningVerifier>;
  /** All rows of the blocks durable now, while the ledger goes on; to be closed. Throws `LedgerUnavailable`. */
  dump(): LedgerDump;
  /** Commits what was taken, ends all subscriptions, and lets go of the directory. */
  close(): Promise<void>;
}
