import { TapwattError } from '@tapwatt/firmware-contracts';
import { pause } from '../edges/edges.ts';
import { LedgerUnavailable } from '../ledger/errors.ts';
import type { DeskPorts } from './ports.ts';
import { type Answer, endOfVoucher } from './voucher-progress.ts';

/** How often, and how many times, an issuer is asked again that has not seen yet what is committed, ms. */
const ASK_AGAIN_MS = 50;
const MAX_ASKED = 100;

/**
 * The bytes of a voucher that is committed, or of its void order whose cancel is. The issuer may look at another peer, which is
 * some blocks behind the one that told of the commit: it is asked again. And a voucher may end between the look at its record
 * and its seal: its request was carried out all the same, and hears of that end.
 *
 * Throws LEDGER_UNAVAILABLE when the issuer does not come to see it, and what else the issuer throws.
 */
export async function sealOrEnd(
  {
    issuer,
    voucherOnLedger,
    clock,
    signal,
  }: Pick<DeskPorts, 'issuer' | 'voucherOnLedger' | 'clock' | 'signal'>,
  voucherId: string,
  asks: 'credit' | 'void',
): Promise<{ readonly frame: Uint8Array } | { readonly end: Answer }> {
  for (let asked = 1; ; asked += 1) {
    try {
      return {
        frame: await (asks === 'credit' ? issuer.sealVoucher(voucherId) : issuer.sealVoid(voucherId)),
      };
    } catch (error) {
      const code = error instanceof TapwattError ? error.code : undefined;
      if (code !== 'VOUCHER_STATE' && code !== 'VOUCHER_UNKNOWN') throw error;
      const record = code === 'VOUCHER_STATE' ? await voucherOnLedger(voucherId) : undefined;
      const end = endOfVoucher(record, asks);
      if (end !== undefined) return { end };
      if (asked === MAX_ASKED || signal.aborted)
        throw new LedgerUnavailable(`The issuer does not see voucher ${voucherId} yet.`, { cause: error });
    }
    await pause(clock, ASK_AGAIN_MS, signal);
  }
}
