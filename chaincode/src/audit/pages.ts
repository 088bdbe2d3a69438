import { Rejected } from '../rejected.ts';
import type { QueryState } from '../state/ports.ts';

/** The most entries of one page. */
export const PAGE_MAX = 1_000;
/** Records that a filter looks at before it hands back what it has. */
const SCAN_MAX = 10_000;

/** Lower than every character of a name: `key + AFTER` is the first key that may follow `key`. */
export const AFTER = ' ';
/** Higher than every character of a key. */
export const END = '\x7f';

export interface Page<R> {
  readonly records: readonly R[];
  /** The key, without its prefix, that the next page begins behind. */
  readonly next?: string;
}

export interface PageQuery<R> {
  readonly prefix: string;
  readonly after?: string | undefined;
  readonly limit: number;
  readonly only?: (record: R) => boolean;
}

/** The records under a prefix, a page at a time; memory is bounded by the page. Throws BAD_REQUEST for a limit outside 1 … 1,000. */
export async function page<R>(
  state: QueryState,
  { prefix, after, limit, only }: PageQuery<R>,
): Promise<Page<R>> {
  requireLimit(limit);
  const start = after === undefined ? prefix : prefix + after + AFTER;
  const scan = only === undefined ? limit : SCAN_MAX;
  const records: R[] = [];
  let looked = 0;
  for await (const [key, value] of state.range(start, prefix + END, scan)) {
    looked += 1;
    const record = JSON.parse(value) as R;
    if (only === undefined || only(record)) records.push(record);
    if (records.length === limit || looked === scan) return { records, next: key.slice(prefix.length) };
  }
  return { records };
}

export function requireLimit(limit: unknown): void {
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1 || limit > PAGE_MAX) {
    throw new Rejected('BAD_REQUEST', `limit: an integer from 1 to ${PAGE_MAX}.`);
  }
}

/** One record, or `null`. */
export async function one<R>(state: QueryState, key: string): Promise<R | null> {
  const value = await state.get(key);
  return value === undefined ? null : (JSON.parse(value) as R);
}

/** Every record under a prefix, one after another, read in pages. */
export async function* all<R>(state: QueryState, prefix: string): AsyncGenerator<R> {
  for (let after: string | undefined; ; ) {
    const { records, next } = await page<R>(state, { prefix, after, limit: PAGE_MAX });
    yield* records;
    if (next === undefined) return;
    after = next;
  }
}
