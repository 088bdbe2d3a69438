import { found } from './finding.ts';
import type { Pace } from './pace.ts';
import { parseVersionText, versionOf, versionOfHistoryRow } from './rows.ts';
import type { StorageView } from './storage.ts';

/** The block that wrote a row, from the side that the replay vouches for. */
const blockOf = (row: string, value: string): number => {
  if (row.startsWith('i!')) return Number(row.slice(2));
  if (row.startsWith('h!')) return versionOfHistoryRow(row).block;
  return (row.startsWith('t!') ? parseVersionText(value, row) : versionOf(value, row)).block;
};

/** Throws `DamageFound` if a stored row is not what the replay arrived at. */
export const compareRow = (row: string, stored: string | undefined, replayed: string | undefined): void => {
  if (stored === replayed) return;
  if (replayed === undefined) throw found({ row, problem: 'No transaction wrote this row.' });
  const block = blockOf(row, replayed);
  const problem =
    stored === undefined ? 'The row is missing.' : 'The row is not what the transactions wrote.';
  throw found({ row, block, problem });
};

type Row = readonly [key: string, value: string];

const nextOf = async (rows: AsyncIterator<Row>): Promise<Row | undefined> => {
  const { done, value } = await rows.next();
  return done === true ? undefined : value;
};

/** Compares two ranges row by row in key order. Throws `DamageFound` at the first difference. */
export const compareRows = async (
  stored: StorageView,
  replayed: StorageView,
  { gte, lt, pace }: { gte: string; lt: string; pace: Pace },
): Promise<void> => {
  const left = stored.range({ gte, lt })[Symbol.asyncIterator]();
  const right = replayed.range({ gte, lt })[Symbol.asyncIterator]();
  try {
    for (;;) {
      const [a, b] = [await nextOf(left), await nextOf(right)];
      if (a === undefined && b === undefined) return;
      compareFirst(a, b);
      await pace.breathe();
    }
  } finally {
    await left.return?.();
    await right.return?.();
  }
};

const compareFirst = (stored: Row | undefined, replayed: Row | undefined): void => {
  if (replayed !== undefined && (stored === undefined || isBefore(replayed[0], stored[0]))) {
    compareRow(replayed[0], undefined, replayed[1]);
  } else if (stored !== undefined) {
    compareRow(stored[0], stored[1], stored[0] === replayed?.[0] ? replayed[1] : undefined);
  }
};

/** In the byte order of the storage. */
const isBefore = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
