import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VoucherRecord } from '@tapwatt/chaincode';
import {
  checkInvariants,
  type EmbeddedLedger,
  type Ledger,
  openEmbeddedLedger,
  verifyLedgerDirectory,
} from '@tapwatt/gateway';
import type { Meter } from '@tapwatt/simulator';
import type { ClientHistory, RequestHistory } from './client-history.ts';

type Books = Pick<Ledger, 'evaluate'>;

/** What of I1 to I4 and I7 (DESIGN.md) does not hold, in words; empty when the books are right. */
export async function judge(
  dataDirectory: string,
  evidence: { readonly meters: readonly Meter[]; readonly history: ClientHistory },
): Promise<readonly string[]> {
  const directory = join(dataDirectory, 'ledger');
  const verified = await verifyLedgerDirectory({ directory });
  const chain = verified.ok ? [] : [`I7: ${JSON.stringify(verified)}`];
  return withLedger(dataDirectory, async (ledger) => {
    const books = ledger.as({ partyId: 'gateway', role: 'gateway' });
    const { breaches } = await checkInvariants(books, { signal: AbortSignal.timeout(60_000) });
    return [
      ...chain,
      ...breaches.map(({ invariant, message }) => `${invariant}: ${message}`),
      ...(await metersAgree(books, evidence.meters)),
      ...(await answersAreTrue(books, evidence.history)),
    ];
  });
}

async function withLedger<T>(
  dataDirectory: string,
  read: (ledger: EmbeddedLedger) => Promise<T>,
): Promise<T> {
  const pem = await readFile(join(dataDirectory, 'keys', 'ledger.key'), 'utf8');
  const ledger = await openEmbeddedLedger({
    directory: join(dataDirectory, 'ledger'),
    signingKey: createPrivateKey(pem.slice(pem.indexOf('-----BEGIN'))),
    clock: { now: () => Date.now() },
    random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
  });
  try {
    return await read(ledger);
  } finally {
    await ledger.close();
  }
}

/** I2 when all is quiet: what the meter says that it credited is what the ledger settled for it. */
async function metersAgree(books: Books, meters: readonly Meter[]): Promise<string[]> {
  const found: string[] = [];
  for (const meter of meters) {
    const meterId = String(meter.meterId);
    const record = await books.evaluate('GetMeter', { meterId });
    const credited = meter.state?.meter.record?.cumulativeCredited;
    if (record === null || credited !== BigInt(record.settled)) {
      found.push(`I2: meter ${meterId} credited ${credited}, the ledger settled ${record?.settled}`);
    }
    if (record !== null && record.open.length > 0) {
      found.push(`I5: meter ${meterId} still has ${record.open.length} open vouchers`);
    }
    if (record?.quarantined === true) found.push(`meter ${meterId} is in quarantine without a reason`);
  }
  return found;
}

async function answersAreTrue(books: Books, history: ClientHistory): Promise<string[]> {
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
  const said = new Set(statuses);
  const record =
    facts.voucherId === undefined
      ? null
      : await books.evaluate('CheckVoucher', { voucherId: facts.voucherId });
  if (request.op === 'issue' && said.has('refused') && !said.has('issued'))
    return issuedAfterAll(books, request);
  if (said.has('issued') && record === null) return 'was told issued; the ledger knows no such voucher';
  if (said.has('on-meter') || said.has('settled') || said.has('redeemed'))
    return notRedeemed(record, facts.txId);
  if (said.has('voided') && record?.status !== 'VOIDED')
    return `was told voided; the voucher is ${record?.status}`;
  return undefined;
}

function notRedeemed(record: VoucherRecord | null, txId: string | undefined): string | undefined {
  if (record?.status !== 'REDEEMED') return `was told that it is credited; the voucher is ${record?.status}`;
  if (txId === undefined || txId === record.settledTxId) return undefined;
  return `was told transaction ${txId}; the ledger says ${record.settledTxId}`;
}

async function issuedAfterAll(
  books: Books,
  { requestId, facts }: RequestHistory,
): Promise<string | undefined> {
  if (facts.code === 'BUSY' || facts.code === 'OUTCOME_UNKNOWN') return undefined;
  const parties = await books.evaluate('ListParties', { role: 'handset', limit: 100 });
  for (const { id } of parties.parties) {
    const request = await books.evaluate('GetRequest', { kid: id, requestId });
    if (request?.voucherId !== undefined) return `was told refused (${facts.code}); the ledger issued it`;
  }
  return undefined;
}
