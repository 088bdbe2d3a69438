import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkInvariants,
  type EmbeddedLedger,
  type Ledger,
  openEmbeddedLedger,
  verifyLedgerDirectory,
} from '@tapwatt/gateway';
import type { Meter } from '@tapwatt/simulator';
import type { ClientHistory } from '../src/history/client-history.ts';
import { untrueAnswers } from '../src/history/untrue-answers.ts';

export interface Evidence {
  readonly registers: Registers;
  readonly history: ClientHistory;
}

/** What each meter says that it ever credited, in minor units; `undefined` when it lost its memory. */
export type Registers = ReadonlyMap<string, bigint | undefined>;

export const registersOf = (meters: readonly Meter[]): Registers =>
  new Map(
    meters.map(({ meterId, state }) => [String(meterId), state?.meter.record?.cumulativeCredited] as const),
  );

type Books = Pick<Ledger, 'evaluate'>;

/** What of I1 to I4 and I7 (DESIGN.md) does not hold, in words; empty when the books are right. */
export async function judge(dataDirectory: string, evidence: Evidence): Promise<readonly string[]> {
  const directory = join(dataDirectory, 'ledger');
  const verified = await verifyLedgerDirectory({ directory });
  const chain = verified.ok ? [] : [`I7: ${JSON.stringify(verified)}`];
  return withLedger(dataDirectory, async (ledger) => {
    const books = ledger.as({ partyId: 'gateway', role: 'gateway' });
    return [...chain, ...(await judgeBooks(books, evidence))];
  });
}

/** What of I1 to I5 (DESIGN.md) does not hold by the books of any ledger, in words. */
export async function judgeBooks(books: Books, { registers, history }: Evidence): Promise<readonly string[]> {
  const { breaches } = await checkInvariants(books, { signal: AbortSignal.timeout(60_000) });
  return [
    ...breaches.map(({ invariant, message }) => `${invariant}: ${message}`),
    ...(await metersAgree(books, registers)),
    ...(await untrueAnswers(books, history)),
  ];
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
async function metersAgree(books: Books, registers: Registers): Promise<string[]> {
  const found: string[] = [];
  for (const [meterId, credited] of registers) {
    const record = await books.evaluate('GetMeter', { meterId });
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
