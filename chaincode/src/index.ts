export { PAGE_MAX } from './audit/pages.ts';
export type { OrderIdentity, Role, Submitter, TransactionContext } from './context.ts';
export { witnessOf } from './copies/evidence.ts';
export { readShownVoucher, unsealed } from './copies/shown-voucher.ts';
export {
  type Answered,
  ASK_MANY,
  ASKED_AT_ONCE,
  type ContractError,
  FIND_TRANSACTION,
  ORDER,
  readErrorText,
} from './fabric/wire.ts';
export { type AuthenticOrder, authenticateOrder } from './orders.ts';
export type * from './protocol/events.ts';
export type * from './protocol/queries.ts';
export type * from './protocol/records.ts';
export type * from './protocol/transactions.ts';
export { runQuery } from './queries.ts';
export { Rejected } from './rejected.ts';
export { historyKept } from './state/keys.ts';
export { MemoryState } from './state/memory.ts';
export type { KeyModification, LedgerState, QueryState } from './state/ports.ts';
export { runTransaction, type TransactionOutcome } from './transactions.ts';
export { BATCH_MAX } from './validate.ts';
