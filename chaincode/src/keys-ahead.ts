import { parseRequest } from '@tapwatt/firmware-contracts';
import { readShownVoucher } from './copies/shown-voucher.ts';
import type { TransactionName } from './protocol/transactions.ts';
import { KEY } from './state/keys.ts';
import { readShownReceipt } from './vouchers/shown-receipt.ts';

/** A longer request is refused by its rule. */
const ITEMS_MAX = 1_000;

/**
 * Keys that a transaction will read, as far as its request alone tells: so that a shell may read them in one go. All peers
 * read them all, for what was read is part of what they endorse.
 */
export function keysAhead(name: TransactionName, request: unknown, txId: string): readonly string[] {
  const ofRequest = OF_REQUEST[name];
  if (ofRequest !== undefined) return orNone(() => ofRequest(Object(request)));
  const ofItem = OF_ITEM[name];
  const { items } = Object(request) as { readonly items?: unknown };
  if (ofItem === undefined || !Array.isArray(items)) return [];
  const keys = items.slice(0, ITEMS_MAX).flatMap((item) => orNone(() => ofItem(Object(item))));
  const postings = POSTED_TO[name]?.map((account) => KEY.posting(account, txId)) ?? [];
  return [...new Set([KEY.ledger, ...postings, ...keys])];
}

type Fields = Readonly<Record<string, unknown>>;

const OF_REQUEST: { readonly [N in TransactionName]?: (request: Fields) => readonly string[] } = {
  RecordVoucher: ({ voucher }) => {
    const { voucherId, meterId } = readShownVoucher(String(voucher));
    return [KEY.ledger, KEY.voucher(voucherId), KEY.orphan(`${meterId}`, voucherId), KEY.meter(`${meterId}`)];
  },
};

const OF_ITEM: { readonly [N in TransactionName]?: (item: Fields) => readonly string[] } = {
  SettleReceipts: ({ receipt }) => {
    const { voucherId, meterId } = readShownReceipt(String(receipt));
    return [KEY.voucher(voucherId), KEY.meter(meterId)];
  },
  IssueVouchers: ({ jws, voucherId }) => {
    const { kid, payload } = parseRequest(String(jws));
    if (payload.op !== 'issue') return [];
    const { requestId, walletId, meterId } = payload;
    const keys = [KEY.party(kid), KEY.request(kid, requestId), KEY.wallet(walletId), KEY.meter(meterId)];
    return typeof voucherId === 'string' && /^[0-9a-f]{32}$/.test(voucherId)
      ? [...keys, KEY.voucher(voucherId)]
      : keys;
  },
};

const POSTED_TO: { readonly [N in TransactionName]?: readonly string[] } = {
  SettleReceipts: ['hold', 'meter-credit'],
  IssueVouchers: ['hold'],
};

/** What cannot be read is for the rules to refuse. */
function orNone(read: () => readonly string[]): readonly string[] {
  try {
    return read();
  } catch {
    return [];
  }
}
