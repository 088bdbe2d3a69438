import type { CopyEvidence, Halt, LedgerRecord } from '../protocol/records.ts';
import { ledgerOf } from '../registry/genesis.ts';
import { isUncleared, type MeterRecord } from '../registry/meter-record.ts';
import { quarantined } from '../registry/meters.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';

/**
 * A meter, or a handset with a voucher for it, showed what only another copy of this ledger can have done. Wallets could be
 * spent in both, so the whole ledger stops issuing, until the utility resumes it. Not for what a restore explains, and
 * not on the word of a suspended meter, whose keys forge its vouchers too.
 */
export async function suspectCopy(
  work: Work,
  meter: MeterRecord,
  found: { readonly what: CopyEvidence; readonly keyEpoch: number; readonly voucherId?: string },
): Promise<void> {
  const ledger = await ledgerOf(work.draft);
  const { keyEpoch, ...evidence } = found;
  if (ledger.halted !== undefined || meter.suspended || isExplained(ledger, meter, keyEpoch)) return;
  const { meterId } = meter;
  const halted: Halt = { ...evidence, meterId, txId: work.txId };
  const stopped: LedgerRecord = { ...ledger, halted };
  work.draft.put(KEY.ledger, stopped);
  const { voucherId } = evidence;
  work.alarms.push({ what: 'halted', meterId, ...(voucherId === undefined ? {} : { voucherId }) });
}

/** The meter in quarantine because it is ahead of this ledger, with the evidence taken once for each epoch. */
export async function ahead(
  work: Work,
  meter: MeterRecord,
  found: { readonly what: CopyEvidence; readonly keyEpoch: number },
): Promise<MeterRecord> {
  if (meter.aheadIn !== found.keyEpoch) await suspectCopy(work, meter, found);
  return { ...quarantined(work, meter, 'ledger-behind'), aheadIn: found.keyEpoch };
}

/** Who showed the other copy, for people. */
export const witnessOf = ({ what, meterId }: Halt): string =>
  what === 'unknown-voucher' ? `A voucher for meter ${meterId}` : `Meter ${meterId}`;

/** What this ledger sold before it was restored comes from the epochs that its meters are cleared of. */
const isExplained = ({ restores = 0 }: LedgerRecord, meter: MeterRecord, keyEpoch: number): boolean =>
  restores > 0 && (isUncleared(restores, meter) || keyEpoch <= (meter.cleared?.keyEpoch ?? 0));
