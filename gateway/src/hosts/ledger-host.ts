import type { Batches } from '../ledger/batches.ts';
import type { Committed, Ledger } from '../ledger/ledger.ts';
import type { ReadinessInputs } from '../observability/readiness.ts';

/** The ledger as this process holds it: as its party, and with what the gateway's services need besides. */
export interface LedgerHost {
  /** As this gateway's party. */
  readonly ledger: Ledger;
  /** A second view, for the issuer alone. */
  readonly issuerLedger: Ledger;
  readonly batches: Batches;
  /** Founds the ledger where that is this gateway's to do; may be done again. Throws `LedgerUnavailable`. */
  found(): Promise<void>;
  readonly condition: ReadinessInputs['ledger'];
  /** The newest block known. */
  head(): { readonly blockNumber: number; readonly blockHash?: string };
  /** Commits an administrative order signed by its party (JWS); the same order again has its first outcome. */
  submitOrder(jws: string, options: { readonly signal: AbortSignal }): Promise<Committed<unknown>>;
  /** Runs a reading of several queries over one unchanging moment. Throws `LedgerUnavailable`. */
  atOneMoment<T>(read: (ledger: Pick<Ledger, 'evaluate'>) => Promise<T>): Promise<T>;
  /** The bytes of a backup of the ledger as it is now. Throws BAD_REQUEST where the ledger is kept elsewhere. */
  backup(): AsyncIterable<Uint8Array>;
  stats(): Promise<object>;
  close(): Promise<void>;
}
