import type { VoucherRecord } from '@tapwatt/chaincode';
import type { Ledger } from '@tapwatt/gateway';
import type { ClientHistory, RequestHistory } from './client-history.ts';

type Books = Pick<Ledger, 'evaluate'>;

/** Which answers to clients are not so by the ledger's books, in words; empty when all of them are (invariant I4). */
export async function untrueAnswers(books: Books, history: ClientHistory): Promise<string[]> {
  const found = history.contradictions.map((requestId) => `I4: request ${requestId} was told the contrary`);
  for (const request of history.requests) {
    const wrong = await untrue(books, request);
    if (wrong !== undefined) found.push(`I4: ${request.op} ${request.requestId} ${wrong}`);
  }
  return found;
}

/** What is not so though this request was told so. */
async function untrue(books: Books, request: RequestHistory): Promise<string | undefined> {
  const { statuses, facts } = request;
  if (request.op === 'receipts') return untrueOutcome(books, request);
  const said = new Set(statuses);
  const record =
    facts.voucherId === undefined
      ? null
      : await books.evaluate('CheckVoucher', { voucherId: facts.voucherId });
  if (request.op === 'issue' && request.refusedFor !== undefined && !said.has('issued'))
    return issuedAfterAll(books, request);
  if (said.has('issued') && record === null) return 'was told issued; the ledger knows no such voucher';
  if (said.has('on-meter') || said.has('settled') || said.has('redeemed'))
    return notRedeemed(record, facts.txId);
  if (said.has('voided') && record?.status !== 'VOIDED' && record?.released === undefined)
    return `was told voided; the voucher is ${record?.status}`;
  return undefined;
}

/** A courier's receipts are settled one by one; `settled` says of the request that all were looked at. */
async function untrueOutcome(books: Books, { facts }: RequestHistory): Promise<string | undefined> {
  for (const { outcome, voucherId } of facts.outcomes ?? []) {
    const expected = STATUS_AFTER[outcome];
    if (voucherId === undefined || expected === undefined) continue;
    const record = await books.evaluate('CheckVoucher', { voucherId });
    if (record?.status !== expected)
      return `was told ${outcome} of ${voucherId}; the voucher is ${record?.status}`;
  }
  return undefined;
}

const STATUS_AFTER: Readonly<Record<string, VoucherRecord['status']>> = {
  redeemed: 'REDEEMED',
  voided: 'VOIDED',
};

function notRedeemed(record: VoucherRecord | null, txId: string | undefined): string | undefined {
  if (record?.status !== 'REDEEMED') return `was told that it is credited; the voucher is ${record?.status}`;
  // A release without proof was an end too, until its voucher was credited late.
  if (txId === undefined || txId === record.settledTxId || record.released !== undefined) return undefined;
  return `was told transaction ${txId}; the ledger says ${record.settledTxId}`;
}

async function issuedAfterAll(
  books: Books,
  { requestId, refusedFor }: RequestHistory,
): Promise<string | undefined> {
  const parties = await books.evaluate('ListParties', { role: 'handset', limit: 100 });
  for (const { id } of parties.parties) {
    const request = await books.evaluate('GetRequest', { kid: id, requestId });
    if (request?.voucherId !== undefined) return `was told refused (${refusedFor}); the ledger issued it`;
  }
  return undefined;
}
