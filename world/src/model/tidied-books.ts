import { type Books, withRecord } from './books.ts';
import type { Bound } from './bound.ts';
import type { PostingRecord, StoredMeter } from './record-shapes.ts';

/** The transaction id of a sum of postings. */
const ROLLED_UP = 'rolled-up';

/**
 * The books in the form in which the model keeps them: the postings of each account rolled up to one (DESIGN.md "The
 * ledger"), and without the meter's own figures where the bound does not keep them. No rule can tell the difference.
 */
export const tidied = (books: Books, { figures, meters }: Bound): Books => {
  const after = rolledUp(books);
  return figures === 'all' ? after : meters.reduce(withoutFigures, after);
};

function withoutFigures(books: Books, meterId: string): Books {
  const key = `MTR~${meterId}`;
  if (books.get(key)?.includes('"seen":') !== true) return books;
  return withRecord(books, key, ({ seen: _, ...rest }: StoredMeter) => rest);
}

function rolledUp(books: Books): Books {
  const postings = [...books.keys()].filter((key) => key.startsWith('POST~'));
  if (postings.every((key) => key.includes(`~${ROLLED_UP}~`))) return books;
  const sums = new Map<string, Map<string, bigint>>();
  const after = new Map(books);
  for (const key of postings) {
    const { account, entries } = JSON.parse(books.get(key) ?? '') as PostingRecord;
    const kinds = sums.get(account) ?? new Map<string, bigint>();
    for (const { kind, debit, credit } of entries)
      kinds.set(kind, (kinds.get(kind) ?? 0n) + BigInt(debit) - BigInt(credit));
    sums.set(account, kinds);
    after.delete(key);
  }
  for (const [account, kinds] of sums) {
    const entries = [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, sum]) => entryOf(kind, sum));
    after.set(`POST~${account}~${ROLLED_UP}~0`, JSON.stringify({ account, txId: ROLLED_UP, entries }));
  }
  return after;
}

const entryOf = (kind: string, sum: bigint): PostingRecord['entries'][number] => ({
  kind,
  debit: `${sum > 0n ? sum : 0n}`,
  credit: `${sum < 0n ? -sum : 0n}`,
});
