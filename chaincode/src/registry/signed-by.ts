import { isSignedBy, type ParsedJws } from '@tapwatt/firmware-contracts';
import type { PartyRecord } from '../protocol/records.ts';
import { Rejected } from '../rejected.ts';
import type { Draft } from '../state/draft.ts';
import { ledgerIdOf } from './genesis.ts';
import { requireParty } from './parties.ts';
import { publicKey } from './public-keys.ts';

/**
 * The registered party that signed this JWS for this ledger; whether it may still act is for the caller to ask.
 * Throws WRONG_AUDIENCE, PARTY_UNKNOWN, BAD_SIGNATURE.
 */
export async function signedBy(
  draft: Draft,
  parsed: ParsedJws<{ readonly aud: string }>,
): Promise<PartyRecord> {
  const ledgerId = await ledgerIdOf(draft);
  if (parsed.payload.aud !== ledgerId) {
    throw new Rejected('WRONG_AUDIENCE', `Signed for ledger ${parsed.payload.aud}; this is ${ledgerId}.`);
  }
  const party = await requireParty(draft, parsed.kid);
  if (party.publicKey === undefined || !isSignedBy(parsed, publicKey(party.publicKey))) {
    throw new Rejected('BAD_SIGNATURE', `The signature is not ${parsed.kid}’s.`);
  }
  return party;
}
