import type { VoucherRecord } from '@tapwatt/chaincode';
import type { ErrorCode } from '@tapwatt/firmware-contracts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Progress, Watcher } from './types.ts';

/** Refusals of a meter that no longer knows, or never knew, what became of a voucher. */
const FORGETS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['BAD_EPOCH', 'OUT_OF_WINDOW', 'CLOSED']);

export type Tell = (watcher: Watcher, progress: Progress) => void;

/**
 * Tells watchers how their voucher fares. A meter that refuses a voucher because it has forgotten it may have taken it
 * long ago, so that only the ledger can say what became of it; while it cannot, the voucher is pending.
 */
export function createTeller(ledger: Pick<Ledger, 'evaluate'>, tell: Tell): Tell {
  async function tellByLedger(watcher: Watcher, refusal: Progress): Promise<void> {
    const { voucherId } = refusal;
    const record = await ledger.evaluate('CheckVoucher', { voucherId }).catch(() => undefined);
    const end = record === null ? refusal : record && endOf(record, watcher);
    tell(watcher, end ?? { ...refusal, status: 'pending' });
  }

  return (watcher, progress) => {
    const { status, code } = progress;
    if (status === 'refused' && code !== undefined && FORGETS.has(code)) void tellByLedger(watcher, progress);
    else tell(watcher, progress);
  };
}

/** What the ledger knows to be the end of a voucher; undefined for one that its meter is still to answer for. */
function endOf({ voucherId, status, settledTxId }: VoucherRecord, { asks }: Watcher): Progress | undefined {
  const facts = { voucherId, ...(settledTxId === undefined ? {} : { txId: settledTxId }) };
  if (status === 'REDEEMED') return { ...facts, status: asks === 'credit' ? 'settled' : 'redeemed' };
  return status === 'VOIDED' || status === 'RELEASED' ? { ...facts, status: 'voided' } : undefined;
}
