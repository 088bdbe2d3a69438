import { type EmbeddedLedgerOptions, openEmbeddedLedger } from '../ledger/embedded/index.ts';

export interface RecordRestoreOptions extends Omit<EmbeddedLedgerOptions, 'genesis'> {
  /** In whose name it is recorded; registered on the ledger as a gateway. */
  readonly gatewayId: string;
}

/**
 * Puts a copy of the ledger into quarantine: its first block after `head`, the newest of the backup, says that it was
 * restored, so that no restart forgets it. Answers how many restores the ledger has seen. Throws as `openEmbeddedLedger`.
 */
export async function recordRestore(
  { gatewayId, ...opening }: RecordRestoreOptions,
  { number, hash }: { readonly number: number; readonly hash: string },
): Promise<number> {
  const ledger = await openEmbeddedLedger(opening);
  try {
    const at = Math.floor(opening.clock.now() / 1000);
    const gateway = ledger.as({ partyId: gatewayId, role: 'gateway' });
    return (await gateway.submit('RecordRestore', { number, hash, at })).result.restores;
  } finally {
    await ledger.close();
  }
}
