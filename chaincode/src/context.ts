import type { LedgerState } from './state/ports.ts';

/** What a party is; what each may do stands in the table of transactions.ts. */
export type Role = 'discom' | 'bank' | 'agency' | 'agent' | 'handset' | 'gateway' | 'auditor';

/** Who submits: authenticated by the ledger (MSP and certificate, or a signature), looked up again in the registry by the rules. */
export interface Submitter {
  readonly partyId: string;
  readonly role: Role;
}

/** The signed administrative order that a transaction comes from, as `authenticateOrder` answers it. */
export interface OrderIdentity {
  readonly requestId: string;
  /** SHA-256 of the signed payload, lower-case hex. */
  readonly payloadHash: string;
}

/** All that a transaction may depend on: nothing else may enter a decision, least of all a clock. */
export interface TransactionContext {
  readonly state: LedgerState;
  readonly submitter: Submitter;
  /** `[A-Za-z0-9_-]{1,64}`, unique for ever. */
  readonly txId: string;
  /** Present when the transaction came as a signed order: then (party, requestId) is answered once, and the same for ever. */
  readonly order?: OrderIdentity;
}
