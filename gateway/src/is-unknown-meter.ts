import { LedgerUnavailable } from './ledger/errors.ts';
import type { Ledger } from './ledger/ledger.ts';

interface WhoKnows {
  readonly ledger: Pick<Ledger, 'evaluate'>;
  readonly foreignMeters: ReadonlySet<string>;
}

/** Whether neither the ledger nor a serial line knows this number; `false` while the ledger is away and cannot tell. */
export async function isUnknownMeter({ ledger, foreignMeters }: WhoKnows, meterId: string): Promise<boolean> {
  if (foreignMeters.has(meterId)) return false;
  try {
    return (await ledger.evaluate('GetMeter', { meterId })) === null;
  } catch (error) {
    if (error instanceof LedgerUnavailable) return false;
    throw error;
  }
}
