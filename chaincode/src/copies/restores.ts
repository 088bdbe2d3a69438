import type { LedgerRecord } from '../protocol/records.ts';
import type { TransactionRequest, TransactionResult } from '../protocol/transactions.ts';
import { ledgerOf } from '../registry/genesis.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';

/** Puts every meter into quarantine: this ledger may have forgotten what it sold to it (DESIGN.md, "The ledger"). */
export async function recordRestore(
  work: Work,
  restored: TransactionRequest<'RecordRestore'>,
): Promise<TransactionResult<'RecordRestore'>> {
  const ledger = await ledgerOf(work.draft);
  return withOneMore(work, { ...ledger, restored });
}

/** Issues again after a halt, to each meter once it was cleared, or to all at once. Throws LEDGER_NOT_HALTED. */
export async function resumeIssuing(
  work: Work,
  { quarantine }: TransactionRequest<'ResumeIssuing'>,
): Promise<TransactionResult<'ResumeIssuing'>> {
  const { halted, ...ledger } = await ledgerOf(work.draft);
  if (halted === undefined) throw new Rejected('LEDGER_NOT_HALTED');
  if (quarantine) return withOneMore(work, ledger);
  work.draft.put(KEY.ledger, ledger);
  return { restores: ledger.restores ?? 0 };
}

function withOneMore(work: Work, ledger: LedgerRecord): { restores: number } {
  const restores = (ledger.restores ?? 0) + 1;
  work.draft.put(KEY.ledger, { ...ledger, restores });
  return { restores };
}
