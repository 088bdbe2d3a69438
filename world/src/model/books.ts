import type { QueryState, Role, TransactionName, TransactionRequest } from '@tapwatt/chaincode';
import { RememberedTransactions } from './remembered-transactions.ts';

/** A whole ledger state: keys and JSON values, never changed in place. */
export type Books = ReadonlyMap<string, string>;

/** One transaction as somebody submits it. */
export interface Asked<N extends TransactionName = TransactionName> {
  readonly name: N;
  readonly request: TransactionRequest<N>;
  readonly by: string;
  readonly txId: string;
}

export const LEDGER_ID = 'model';

/** The parties that submit by themselves. */
export const FOUNDERS = {
  discom: 'discom',
  bank: 'bank',
  agency: 'agency',
  gateway: 'gateway',
} as const satisfies Record<string, Exclude<Role, 'agent' | 'handset'>>;

const roleOf = (by: string): Role => (FOUNDERS as Record<string, Role>)[by] ?? 'handset';

const remembered = new RememberedTransactions();

/** The books after one transaction of the production rules; undefined where they refuse it. */
export async function runOn(books: Books, asked: Asked): Promise<Books | undefined> {
  const writes = await remembered.run(books, asked, roleOf(asked.by));
  if (writes === undefined) return undefined;
  const after = new Map(books);
  for (const [key, value] of writes) after.set(key, value);
  return after;
}

/** The books as the rules' queries read them; no history is kept. */
export function queryable(books: Books): QueryState {
  let sorted: readonly string[] | undefined;
  return {
    get: (key) => books.get(key),
    async *range(start, endExclusive, limit) {
      sorted ??= [...books.keys()].sort();
      let left = limit;
      for (const key of sorted) {
        if (key < start || left === 0) continue;
        if (key >= endExclusive) return;
        left -= 1;
        yield [key, books.get(key) ?? ''] as const;
      }
    },
    async *history() {},
  };
}

/** The books with one record changed: for starting points and planted bugs. */
export function withRecord<R extends object>(books: Books, key: string, change: (record: R) => R): Books {
  const text = books.get(key);
  if (text === undefined) throw new Error(`${key} does not exist`);
  return new Map(books).set(key, JSON.stringify(change(JSON.parse(text) as R)));
}
