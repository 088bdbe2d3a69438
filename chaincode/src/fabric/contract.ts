import { type Context, Contract } from 'fabric-contract-api';
import { QUERY_NAMES } from '../queries.ts';
import { TRANSACTION_NAMES } from '../transactions.ts';
import { answer, answerMany, carryOut, carryOutOrder, findTransaction } from './carry-out.ts';
import { KnownTransaction } from './once.ts';
import type { Stub } from './stub.ts';
import { ASK_MANY, errorText, FIND_TRANSACTION, knownText, ORDER } from './wire.ts';

type Handler = (stub: Stub, args: readonly string[]) => Promise<string>;

const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ...TRANSACTION_NAMES.map((name) => [name, (stub, args) => carryOut(stub, name, args)] as [string, Handler]),
  ...QUERY_NAMES.map((name) => [name, (stub, args) => answer(stub, name, args)] as [string, Handler]),
  [ASK_MANY, answerMany],
  [ORDER, carryOutOrder],
  [FIND_TRANSACTION, findTransaction],
]);

/** What went wrong as the client will read it. */
const asText = (error: unknown): Error =>
  new Error(error instanceof KnownTransaction ? knownText(error.fabricTxId) : errorText(error));

/**
 * The money rules as a Fabric contract. Fabric takes every function of the prototype for a transaction; each has rest
 * parameters, since declared ones make Fabric compile a schema at every call, and answers text, which Fabric leaves alone.
 */
export class TapwattContract extends Contract {
  constructor() {
    super('tapwatt');
  }
}

for (const [name, handle] of HANDLERS) {
  Object.defineProperty(TapwattContract.prototype, name, {
    value: async ({ stub }: Context, ...args: string[]): Promise<string> => {
      try {
        return await handle(stub, args);
      } catch (error) {
        throw asText(error);
      }
    },
  });
}
