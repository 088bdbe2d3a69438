import type { Reading } from '../reading.ts';
import { DAY_MS, HOUR_MS } from '../store.ts';
import type { RunningSum } from '../sums.ts';

/**
 * A kind of row. Rows lie by blocks of time, then by meter, then by moment: what is old is one range of keys, whatever
 * the number of meters, and a meter's window a short range in each of its blocks.
 */
export interface RowKind {
  readonly letter: string;
  readonly blockMs: number;
}

export const RAW: RowKind = { letter: 'r', blockMs: HOUR_MS };
export const HOURS: RowKind = { letter: 'h', blockMs: DAY_MS };
export const DAYS: RowKind = { letter: 'd', blockMs: 32 * DAY_MS };

/** Wide enough for microseconds since 1970 until the year 2286. */
const MOMENT_DIGITS = 16;
const BLOCK_DIGITS = 8;
/** Behind every character of a key. */
const END = '\x7f';

const padded = (value: number, digits: number): string => String(value).padStart(digits, '0');

const blockOf = ({ blockMs }: RowKind, atMs: number): number => Math.floor(Math.max(0, atMs) / blockMs);

const prefix = (kind: RowKind, block: number): string => `${kind.letter}~${padded(block, BLOCK_DIGITS)}`;

/** Where a reading lies: the same one always in the same place. */
export function rawKey({ meterId, atUs, link, source }: Reading): string {
  const block = prefix(RAW, blockOf(RAW, atUs / 1_000));
  return `${block}~${meterId}~${padded(atUs, MOMENT_DIGITS)}~${link}~${source}`;
}

/** Where the sum that begins at `fromMs` lies. */
export const sumKey = (kind: RowKind, meterId: string, fromMs: number): string =>
  `${prefix(kind, blockOf(kind, fromMs))}~${meterId}~${padded(fromMs, MOMENT_DIGITS)}`;

/** When the sum of this key begins. */
export const startOfSum = (key: string): number => Number(key.slice(-MOMENT_DIGITS));

export interface KeyRange {
  readonly gte: string;
  readonly lt: string;
}

/** The ranges of one meter from `from` to before `to` (in the unit of the kind's moments), oldest first. */
export function* rangesOf(
  kind: RowKind,
  meterId: string,
  window: { readonly fromMs: number; readonly toMs: number },
): Generator<KeyRange> {
  const perMs = kind === RAW ? 1_000 : 1;
  const [from, to] = [Math.max(0, window.fromMs), Math.max(0, window.toMs)].map((atMs) =>
    padded(Math.ceil(atMs * perMs), MOMENT_DIGITS),
  );
  for (let block = blockOf(kind, window.fromMs); block <= blockOf(kind, window.toMs); block += 1) {
    const start = `${prefix(kind, block)}~${meterId}~`;
    yield { gte: `${start}${from}`, lt: `${start}${to}` };
  }
}

/** All rows of a kind. */
export const allOf = ({ letter }: RowKind): KeyRange => ({ gte: `${letter}~`, lt: `${letter}~${END}` });

/** All rows of a kind in blocks that ended before `atMs`. */
export const before = (kind: RowKind, atMs: number): KeyRange => ({
  gte: `${kind.letter}~`,
  lt: prefix(kind, blockOf(kind, atMs)),
});

/** The rows of the block that this key lies in. */
export function blockAround(kind: RowKind, key: string): KeyRange & { readonly startMs: number } {
  const block = Number(key.split('~', 2)[1]);
  return { gte: prefix(kind, block), lt: prefix(kind, block + 1), startMs: block * kind.blockMs };
}

/** A sum as it lies on disk; bigint as text. */
export function encodeSum({ balance, ...sum }: RunningSum): string {
  return JSON.stringify(
    balance === undefined ? sum : { ...sum, balance: { ...balance, value: String(balance.value) } },
  );
}

export function decodeSum(text: string): RunningSum {
  const { balance, ...sum } = JSON.parse(text) as Omit<RunningSum, 'balance'> & {
    balance?: { atUs: number; value: string };
  };
  return balance === undefined ? sum : { ...sum, balance: { ...balance, value: BigInt(balance.value) } };
}
