import { hexToBytes, TapwattError } from '@tapwatt/firmware-contracts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Issuer } from './issuer.ts';

/**
 * Makes sure that the master key is the one that the ledger's vouchers were committed with. Another one would take money
 * for vouchers that no meter accepts, and whose openings would prove nothing even with the right key back in its place.
 * Throws KEY_FILE.
 */
export async function requireMasterKey(
  issuer: Pick<Issuer, 'commitments'>,
  ledger: Pick<Ledger, 'evaluate'>,
  keyFile: string,
): Promise<void> {
  const { vouchers } = await ledger.evaluate('ListVouchers', { limit: 1 });
  const [known] = vouchers;
  if (known === undefined) return;
  const { meterId, keyEpoch, seq, fulfilHash } = known;
  const ours = await issuer.commitments({
    ...{ meterId, keyEpoch, seq },
    payloadHash: hexToBytes(known.payloadHash),
  });
  if (ours.fulfilHash === fulfilHash) return;
  const message = `${keyFile} holds another master key than the one that this ledger’s vouchers were sealed with.`;
  throw new TapwattError('KEY_FILE', `${message} Restore it from the backup of the keys.`);
}
