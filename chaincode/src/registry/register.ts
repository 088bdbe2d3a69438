import { publicKeyFromRaw } from '@tapwatt/firmware-contracts';
import type { Member, MemberRecord, PartyRecord } from '../protocol/records.ts';
import type { TransactionRequest } from '../protocol/transactions.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';
import { requireOwnAgent, requireParty } from './parties.ts';

type NewParty = Omit<PartyRecord, 'suspended' | 'txId'>;

/** Enters a party; one id names one party, whatever its role. Throws PARTY_EXISTS, BAD_REQUEST for a key that is none. */
export async function enterParty(work: Work, party: NewParty): Promise<{ id: string }> {
  if (party.publicKey !== undefined) publicKeyFromRaw(party.publicKey);
  const key = KEY.party(party.id);
  if ((await work.draft.get(key)) !== undefined) {
    throw new Rejected('PARTY_EXISTS', `${party.id} is registered already.`);
  }
  const record: PartyRecord = { ...party, suspended: false, txId: work.txId };
  work.draft.put(key, record);
  if (party.member !== undefined) await enterMember(work, party.id, party.member);
  return { id: party.id };
}

/** A certificate speaks for one party only; throws PARTY_EXISTS. */
async function enterMember(work: Work, partyId: string, { mspId, name }: Member): Promise<void> {
  const key = KEY.member(mspId, name);
  if ((await work.draft.get(key)) !== undefined) {
    throw new Rejected('PARTY_EXISTS', `${name} of ${mspId} speaks for another party already.`);
  }
  const record: MemberRecord = { partyId, txId: work.txId };
  work.draft.put(key, record);
}

export const registerAgency = (work: Work, request: TransactionRequest<'RegisterAgency'>) =>
  enterParty(work, { ...request, role: 'agency' });

export const registerGateway = (work: Work, request: TransactionRequest<'RegisterGateway'>) =>
  enterParty(work, { ...request, role: 'gateway' });

/** An agency registers its own agents, the utility anybody's. */
export async function registerAgent(work: Work, request: TransactionRequest<'RegisterAgent'>) {
  await requireParty(work.draft, request.agencyId, 'agency');
  if (work.submitter.role === 'agency' && work.submitter.partyId !== request.agencyId) {
    throw new Rejected('FORBIDDEN', 'An agency registers its own agents only.');
  }
  return enterParty(work, { ...request, role: 'agent' });
}

export async function registerHandset(work: Work, request: TransactionRequest<'RegisterHandset'>) {
  await requireOwnAgent(work, request.agentId);
  return enterParty(work, { ...request, role: 'handset' });
}
