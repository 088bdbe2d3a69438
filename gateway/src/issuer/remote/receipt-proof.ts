import { bytesToHex, endsEpoch, type ReceiptFields, sha256 } from '@tapwatt/firmware-contracts';
import { LedgerUnavailable } from '../../ledger/errors.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { createRecentMap } from '../../recent-map.ts';
import type { Proof } from '../issuer.ts';

/** Vouchers whose committed hashes are remembered: about 300 bytes each. */
const MAX_REMEMBERED = 20_000;

/** The committed hashes of a voucher's openings, lower-case hex. */
export type Hashes = Readonly<Partial<Record<Proof, string>>>;

/**
 * Finds what an opening proves by what the ledger holds of it: whoever shows the opening of a committed hash has it from
 * the meter or from the issuer, so no key is needed to see it.
 */
export function createProofs(ledger: Pick<Ledger, 'evaluate'>) {
  const known = createRecentMap<string, Hashes>(MAX_REMEMBERED);

  async function hashesOf({ voucherId, kind }: ReceiptFields): Promise<Hashes | undefined> {
    const remembered = known.get(voucherId);
    if (remembered !== undefined) return remembered;
    const hashes = await (endsEpoch(kind) ? ofOrder(voucherId) : ofVoucher(voucherId)).catch(whileAway);
    if (hashes !== undefined) known.set(voucherId, hashes);
    return hashes;
  }

  async function ofVoucher(voucherId: string): Promise<Hashes | undefined> {
    const record = await ledger.evaluate('CheckVoucher', { voucherId });
    return record === null ? undefined : { fulfil: record.fulfilHash, void: record.voidHash };
  }

  async function ofOrder(voucherId: string): Promise<Hashes | undefined> {
    const record = await ledger.evaluate('GetOrder', { voucherId });
    return record === null ? undefined : { close: record.closeHash };
  }

  return {
    remember: (voucherId: string, hashes: Hashes): void => known.set(voucherId, hashes),
    /** What the opening proves; `unknown` where the ledger does not tell. */
    async of(fields: ReceiptFields): Promise<Proof | 'nothing' | 'unknown'> {
      const hashes = await hashesOf(fields);
      if (hashes === undefined) return 'unknown';
      const shown = bytesToHex(sha256(fields.opening));
      return (['fulfil', 'void', 'close'] as const).find((proof) => hashes[proof] === shown) ?? 'nothing';
    },
  };
}

function whileAway(error: unknown): undefined {
  if (error instanceof LedgerUnavailable) return undefined;
  throw error;
}
