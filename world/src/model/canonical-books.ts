import type { Books } from './books.ts';

/** Who did it, in which transaction and why: nothing in the rules looks at it again. */
const FORGOTTEN: ReadonlySet<string> = new Set([
  'txId',
  'settledTxId',
  'entries',
  'reason',
  'issuedAt',
  'message',
]);
/** A receipt is kept as evidence: what counts is which opening it shows (bytes 80 to 111). */
const OPENING = { from: 160, to: 176 } as const;
/** Never written again after the town was founded. */
const STATIC = ['PTY~', 'UTR~', 'DEP~'];
const NOT_KEPT = -1;

/** A number for each record that was met: those that the rules cannot tell apart have the same. */
const numbers = new Map<string, Map<string, number>>();
const canonical = new Map<string, number>();

/** One text for all tidied books that the rules cannot tell apart: transaction ids and reasons do not count. */
export function canonicalBooks(books: Books): string {
  const present: number[] = [];
  for (const [key, value] of books) {
    const number = numbers.get(key)?.get(value) ?? numberOf(key, value);
    if (number !== NOT_KEPT) present.push(number);
  }
  return present.sort((a, b) => a - b).join(' ');
}

function numberOf(key: string, value: string): number {
  const number = STATIC.some((prefix) => key.startsWith(prefix)) ? NOT_KEPT : canonicalNumber(key, value);
  const ofKey = numbers.get(key) ?? new Map<string, number>();
  ofKey.set(value, number);
  numbers.set(key, ofKey);
  return number;
}

function canonicalNumber(key: string, value: string): number {
  const text = `${key}=${key.startsWith('POST~') ? value : canonicalRecord(value)}`;
  const number = canonical.get(text) ?? canonical.size;
  canonical.set(text, number);
  return number;
}

const canonicalRecord = (value: string): string =>
  JSON.stringify(JSON.parse(value), (name, field: unknown) => {
    if (FORGOTTEN.has(name)) return undefined;
    return name === 'receipt' && typeof field === 'string' ? field.slice(OPENING.from, OPENING.to) : field;
  });
