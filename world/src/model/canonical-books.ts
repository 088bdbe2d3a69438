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

const known = new Map<string, string>();

/** One text for all tidied books that the rules cannot tell apart: transaction ids and reasons do not count. */
export function canonicalBooks(books: Books): string {
  const lines: string[] = [];
  for (const [key, value] of books) {
    if (key.startsWith('POST~')) lines.push(`${key}=${value}`);
    else if (!STATIC.some((prefix) => key.startsWith(prefix))) lines.push(`${key}=${canonicalRecord(value)}`);
  }
  return lines.sort().join('\n');
}

function canonicalRecord(value: string): string {
  const before = known.get(value);
  if (before !== undefined) return before;
  const canonical = JSON.stringify(JSON.parse(value), (name, field: unknown) => {
    if (FORGOTTEN.has(name)) return undefined;
    return name === 'receipt' && typeof field === 'string' ? field.slice(OPENING.from, OPENING.to) : field;
  });
  known.set(value, canonical);
  return canonical;
}
