import type { Submitter } from '../context.ts';
import type { Member, MemberRecord, PartyRecord } from '../protocol/records.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import type { LedgerState } from '../state/ports.ts';

/** The registered party that a certificate speaks for, in the role it is registered in; throws PARTY_UNKNOWN. */
export async function submitterOf(state: Pick<LedgerState, 'get'>, member: Member): Promise<Submitter> {
  const { mspId, name } = member;
  const record = await read<MemberRecord>(state, KEY.member(mspId, name));
  const party = record && (await read<PartyRecord>(state, KEY.party(record.partyId)));
  if (party === undefined) {
    throw new Rejected(
      'PARTY_UNKNOWN',
      `The certificate of ${name}, ${mspId}, speaks for no registered party.`,
    );
  }
  return { partyId: party.id, role: party.role };
}

/**
 * Nobody is registered before the ledger is founded: the utility that the request names founds it, with the
 * certificate that the request gives it. Throws FORBIDDEN.
 */
export function founderOf(request: unknown, member: Member): Submitter {
  const { parties } = Object(request) as { readonly parties?: unknown };
  const founder = (Array.isArray(parties) ? parties : []).find((party) => isUtility(party, member));
  if (founder !== undefined) return { partyId: String(founder.id), role: 'discom' };
  throw new Rejected('FORBIDDEN', `A ledger is founded by its utility; ${member.name} is not the one named.`);
}

function isUtility(party: unknown, { mspId, name }: Member): boolean {
  const { role, member } = Object(party) as Partial<PartyRecord>;
  return role === 'discom' && member?.mspId === mspId && member.name === name;
}

async function read<R>(state: Pick<LedgerState, 'get'>, key: string): Promise<R | undefined> {
  const text = await state.get(key);
  return text === undefined ? undefined : (JSON.parse(text) as R);
}
