import { NO_HASH } from './block.ts';
import { HEAD_ROW, META_ROW } from './rows.ts';
import type { StorageView } from './storage.ts';
import { damaged } from './storage-error.ts';

/** The newest durable block, and what has been counted up to it. */
export interface Head {
  /** -1 before block 0. */
  readonly number: number;
  readonly hash: string;
  readonly transactions: number;
  readonly stateKeys: number;
}

/** What a ledger says of itself. */
export interface Meta {
  readonly schema: number;
  readonly ledgerId: string;
  /** Of the key that signs its blocks; raw, base64url. */
  readonly publicKey: string;
}

export const SCHEMA = 1;

export const NO_HEAD: Head = { number: -1, hash: NO_HASH, transactions: 0, stateKeys: 0 };

const parseRow = (view: StorageView, row: string): Record<string, unknown> | undefined => {
  const text = view.get(row);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw damaged(`The ledger's row ${row} is not readable.`);
};

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

/** The head row, or `undefined` in an empty storage. Throws `StorageError` DATA_DAMAGED. */
export const readHead = (view: StorageView): Head | undefined => {
  const head = parseRow(view, HEAD_ROW);
  if (head === undefined) return undefined;
  const whole =
    isCount(head.number) &&
    isCount(head.transactions) &&
    isCount(head.stateKeys) &&
    typeof head.hash === 'string';
  if (!whole) throw damaged('The ledger’s head row is not whole.');
  return head as unknown as Head;
};

/** The meta row, or `undefined` in an empty storage. Throws `StorageError` DATA_DAMAGED. */
export const readMeta = (view: StorageView): Meta | undefined => {
  const meta = parseRow(view, META_ROW);
  if (meta === undefined) return undefined;
  const whole =
    isCount(meta.schema) && typeof meta.ledgerId === 'string' && typeof meta.publicKey === 'string';
  if (!whole) throw damaged('The ledger’s meta row is not whole.');
  return meta as unknown as Meta;
};
