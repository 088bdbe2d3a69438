import { join } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { exists } from '../keys/gateway-keys.ts';
import type { DataLayout } from './layout.ts';

/** What every LevelDB directory has. */
const CURRENT = 'CURRENT';

/**
 * Where a gateway has worked there is a ledger: its journal of requests was made after it. If the ledger is gone, a new
 * and empty one must not silently take its place. Throws DATA_DAMAGED.
 */
export async function requireLedgerWhereOneWas({ ledger, requests }: DataLayout): Promise<void> {
  if (!(await exists(join(requests, CURRENT))) || (await exists(join(ledger, CURRENT)))) return;
  throw new TapwattError(
    'DATA_DAMAGED',
    `${ledger} holds no ledger (its file CURRENT is missing), though a gateway has worked here. Restore the newest backup.`,
  );
}
