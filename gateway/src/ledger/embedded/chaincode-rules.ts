import {
  authenticateOrder,
  historyKept,
  type QueryName,
  type QueryRequest,
  runQuery,
  runTransaction,
  type TransactionName,
  type TransactionRequest,
} from '@tapwatt/chaincode';
import type { LedgerRules } from './rules.ts';

/**
 * The money rules of `@tapwatt/chaincode`, which validate names and requests themselves: whatever comes over an API
 * or out of a block goes in as it is.
 */
export const chaincodeRules: LedgerRules = {
  runTransaction: (name, request, context) =>
    runTransaction(name as TransactionName, request as TransactionRequest<TransactionName>, context),
  runQuery: (name, request, state) => runQuery(name as QueryName, request as QueryRequest<QueryName>, state),
  authenticateOrder,
  historyKept,
};
