import { ledgerOf } from '../registry/genesis.ts';
import { isUncleared } from '../registry/meter-record.ts';
import { requireMeter } from '../registry/meters.ts';
import { Rejected } from '../rejected.ts';
import type { Work } from '../work.ts';
import { witnessOf } from './evidence.ts';

/** Not refused for ever: nothing is written down, and the same request may be issued later. */
export class NotNow extends Rejected {}

/** Whether this ledger issues for this meter now. Throws LEDGER_HALTED and QUARANTINED, neither of them final. */
export async function requireIssuing(work: Work, meterId: string): Promise<void> {
  const { halted, restores = 0 } = await ledgerOf(work.draft);
  if (halted !== undefined) {
    throw new NotNow(
      'LEDGER_HALTED',
      `${witnessOf(halted)} showed another copy of this ledger (${halted.what}).`,
    );
  }
  if (restores === 0 || !isUncleared(restores, await requireMeter(work.draft, meterId))) return;
  throw new NotNow(
    'QUARANTINED',
    `Meter ${meterId} was not read and moved to a new key epoch since the restore.`,
  );
}
