import { type Books, withRecord } from './books.ts';
import type { Bound } from './bound.ts';
import type { MeterEvidence, PostingRecord, StoredMeter } from './record-shapes.ts';

/** The transaction id of a sum of postings. */
const ROLLED_UP = 'rolled-up';

/**
 * The books in the form in which the model keeps them: the postings of each account rolled up to one (DESIGN.md "The
 * ledger"), and without the meter's own figures where the bound does not keep them. No rule can tell the difference.
 */
export const tidied = (books: Books, { figures, meters, restore }: Bound): Books => {
  const after = rolledUp(books);
  const known = figures === 'all' ? after : meters.reduce(withoutFigures, after);
  if (restore === 'never') return known;
  const now = meters.reduce(withoutOldEvidence, known);
  return figures === 'ends' ? meters.reduce(withoutReason, now) : now;
};

function withoutFigures(books: Books, meterId: string): Books {
  const key = `MTR~${meterId}`;
  if (books.get(key)?.includes('"seen":') !== true) return books;
  return withRecord(books, key, ({ seen: _, ...rest }: StoredMeter) => rest);
}

/**
 * That a meter was seen ahead is asked again only in that very epoch, and not while a restore explains it; its
 * clearing begins a new epoch. Of what the ledger had forgotten each is looked for, so its order does not count.
 */
function withoutOldEvidence(books: Books, meterId: string): Books {
  const key = `MTR~${meterId}`;
  const { restores = 0 } = JSON.parse(books.get('LDG~ledger') ?? '{}') as { readonly restores?: number };
  const meter = JSON.parse(books.get(key) ?? '{}') as MeterEvidence;
  const { aheadIn, forgotten, ...rest } = meter;
  const isUncleared = restores > (meter.cleared?.restores ?? 0);
  const isOld = aheadIn === undefined || aheadIn < meter.keyEpoch + (isUncleared ? 1 : 0);
  const sorted = forgotten?.toSorted((a, b) => (a.voucherId < b.voucherId ? -1 : 1));
  const isSorted = forgotten?.every((one, index) => one === sorted?.[index]) ?? true;
  if (isSorted && (aheadIn === undefined || !isOld)) return books;
  return withRecord(books, key, () => ({
    ...rest,
    ...(isOld ? {} : { aheadIn }),
    ...(sorted === undefined ? {} : { forgotten: sorted }),
  }));
}

/** A meter that a restore has put into quarantine stays there until it is cleared, for whatever else it shows. */
function withoutReason(books: Books, meterId: string): Books {
  const key = `MTR~${meterId}`;
  const { restores = 0 } = JSON.parse(books.get('LDG~ledger') ?? '{}') as { readonly restores?: number };
  const { quarantine, ...rest } = JSON.parse(books.get(key) ?? '{}') as MeterEvidence;
  const isUncleared = restores > (rest.cleared?.restores ?? 0);
  return isUncleared && quarantine === 'ledger-behind' ? withRecord(books, key, () => rest) : books;
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
