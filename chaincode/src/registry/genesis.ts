import type { LedgerRecord } from '../protocol/records.ts';
import type { TransactionRequest } from '../protocol/transactions.ts';
import { Rejected } from '../rejected.ts';
import type { Draft } from '../state/draft.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';
import { enterParty } from './register.ts';

/** Founds an empty ledger with its first parties; throws FORBIDDEN on any other. */
export async function found(
  work: Work,
  request: TransactionRequest<'Genesis'>,
): Promise<{ ledgerId: string }> {
  if ((await work.draft.get(KEY.ledger)) !== undefined) {
    throw new Rejected('FORBIDDEN', 'This ledger was founded already.');
  }
  const record: LedgerRecord = { ledgerId: request.ledgerId, txId: work.txId };
  work.draft.put(KEY.ledger, record);
  for (const party of request.parties) await enterParty(work, party);
  return { ledgerId: request.ledgerId };
}

/** The ledger's id, which every signed request names as its audience. */
export const ledgerIdOf = async (draft: Draft): Promise<string> => (await ledgerOf(draft)).ledgerId;

/** The ledger's own record. */
export async function ledgerOf(draft: Draft): Promise<LedgerRecord> {
  const ledger = await draft.get<LedgerRecord>(KEY.ledger);
  if (ledger === undefined) throw new Rejected('FORBIDDEN', 'This ledger was never founded.');
  return ledger;
}
