import type { PostingRecord } from '../money/posting.ts';
import type { QueryRequest, QueryResult, StatementLine } from '../protocol/queries.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import type { QueryState } from '../state/ports.ts';
import type { WalletRecord } from '../wallet/wallet-record.ts';
import { page, requireLimit } from './pages.ts';

type Statement = QueryResult<'GetStatement'>;

const ACCUMULATING =
  /^(bank|hold|meter-credit|clearing|suspense|commission-expense|commission-payable|receivable\.[A-Za-z0-9_-]{1,64})$/;

/**
 * What moved on an account. A wallet's lines come in the order of the ledger, from its history; an accumulating
 * account's in the order of transaction ids, summed by kind. Throws WALLET_UNKNOWN.
 */
export async function statementOf(
  state: QueryState,
  { accountId, after, limit }: QueryRequest<'GetStatement'>,
): Promise<Statement> {
  if (!ACCUMULATING.test(accountId)) return walletStatement(state, { accountId, after, limit });
  const prefix = `POST~${accountId}~`;
  const { records, next } = await page<PostingRecord>(state, { prefix, after, limit });
  const lines = records.flatMap(({ txId, entries }) => entries.map((entry) => ({ txId, ...entry })));
  return { accountId, lines, ...(next === undefined ? {} : { next }) };
}

interface WalletPage {
  readonly accountId: string;
  readonly after: string | undefined;
  readonly limit: number;
}

async function walletStatement(
  state: QueryState,
  { accountId, after, limit }: WalletPage,
): Promise<Statement> {
  requireLimit(limit);
  const key = KEY.wallet(accountId);
  if ((await state.get(key)) === undefined) {
    throw new Rejected('WALLET_UNKNOWN', `There is no account ${accountId}.`);
  }
  const skip = after === undefined ? 0 : Number.parseInt(after, 10);
  const lines: StatementLine[] = [];
  let position = 0;
  for await (const { value, ...at } of state.history(key)) {
    position += 1;
    if (position <= skip) continue;
    const { entries, balance } = JSON.parse(value) as WalletRecord;
    for (const { kind, ref, debit = '0', credit = '0' } of entries) {
      lines.push({ ...at, kind, debit, credit, ref, balance });
    }
    if (lines.length >= limit) return { accountId, lines, next: `${position}` };
  }
  return { accountId, lines };
}
