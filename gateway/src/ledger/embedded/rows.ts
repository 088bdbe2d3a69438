import { damaged } from './storage-error.ts';

/**
 * The rows of the ledger in its storage:
 *
 * `m!meta`, `m!head` · `b!<block>` one block · `i!<block>` its transaction ids, so that a history need not unpack it ·
 * `t!<txId>` where a transaction is · `s!<key>` the state ·
 * `h!<key> NUL <block>.<index>` a former value of a state key.
 */
export const META_ROW = 'm!meta';
export const HEAD_ROW = 'm!head';

const BLOCK_DIGITS = 12;
const INDEX_DIGITS = 5;
const MAX_KEY_LENGTH = 512;

/** Where a transaction, or the write of a value, stands in the chain. */
export interface Version {
  readonly block: number;
  readonly index: number;
}

/** The row that ends the range of all rows of a kind: `"` follows `!`. */
export const kindRange = (kind: 'b' | 'i' | 't' | 's' | 'h'): { gte: string; lt: string } => ({
  gte: `${kind}!`,
  lt: `${kind}"`,
});

const padded = (value: number, digits: number): string => String(value).padStart(digits, '0');

export const blockRow = (number: number): string => `b!${padded(number, BLOCK_DIGITS)}`;
export const txIdsRow = (block: number): string => `i!${padded(block, BLOCK_DIGITS)}`;
export const txRow = (txId: string): string => `t!${txId}`;
export const stateRow = (key: string): string => `s!${key}`;

export const historyRow = (key: string, version: Version): string =>
  `h!${key}\0${padded(version.block, BLOCK_DIGITS)}.${padded(version.index, INDEX_DIGITS)}`;

export const historyRange = (key: string): { gte: string; lt: string } => ({
  gte: `h!${key}\0`,
  lt: `h!${key}\u0001`,
});

/** The version in a history row's name. */
export const versionOfHistoryRow = (row: string): Version =>
  parseVersion(row.slice(row.indexOf('\0') + 1), 10, row);

export const versionText = (version: Version): string =>
  `${version.block.toString(36)}.${version.index.toString(36)}`;

const parseVersion = (text: string, radix: number, row: string): Version => {
  const dot = text.indexOf('.');
  const block = Number.parseInt(text.slice(0, dot), radix);
  const index = Number.parseInt(text.slice(dot + 1), radix);
  if (dot < 1 || !Number.isSafeInteger(block) || !Number.isSafeInteger(index)) {
    throw damaged(`Row ${JSON.stringify(row)} has no readable version.`);
  }
  return { block, index };
};

export const parseVersionText = (text: string, row: string): Version => parseVersion(text, 36, row);

/** A state row's value carries the version that wrote it, so that history needs no row for the newest value. */
export const versioned = (version: Version, value: string): string => `${versionText(version)} ${value}`;

export const valueIn = (raw: string): string => raw.slice(raw.indexOf(' ') + 1);

export const versionOf = (raw: string, row: string): Version =>
  parseVersionText(raw.slice(0, Math.max(0, raw.indexOf(' '))), row);

/** State keys are short text without NUL, which separates a key from its versions. */
export const isStateKey = (key: string): boolean =>
  key.length > 0 && key.length <= MAX_KEY_LENGTH && !key.includes('\0');
