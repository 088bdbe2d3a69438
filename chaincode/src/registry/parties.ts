import type { Role } from '../context.ts';
import type { PartyRecord } from '../protocol/records.ts';
import { Rejected } from '../rejected.ts';
import type { Draft } from '../state/draft.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';

/** A registered party; throws PARTY_UNKNOWN, also when it is registered in another role. */
export async function requireParty(draft: Draft, id: string, role?: Role): Promise<PartyRecord> {
  const party = await draft.get<PartyRecord>(KEY.party(id));
  if (party === undefined || (role !== undefined && party.role !== role)) {
    throw new Rejected('PARTY_UNKNOWN', `No ${role ?? 'party'} ${id} is registered.`);
  }
  return party;
}

/** Throws SUSPENDED if the party, or one that it works for, is suspended. */
export async function requireActive(draft: Draft, party: PartyRecord): Promise<void> {
  if (party.suspended) throw new Rejected('SUSPENDED', `${party.role} ${party.id} is suspended.`);
  const principal = party.agentId ?? party.agencyId;
  if (principal !== undefined) await requireActive(draft, await requireParty(draft, principal));
}

/** Checks the submitter against the registry, and its role against those that may; throws PARTY_UNKNOWN, SUSPENDED, FORBIDDEN. */
export async function authorize(work: Work, roles: readonly Role[]): Promise<void> {
  const { partyId, role } = work.submitter;
  await requireActive(work.draft, await requireParty(work.draft, partyId, role));
  if (!roles.includes(role)) throw new Rejected('FORBIDDEN', `A ${role} may not do that.`);
}

/** The agency that an agent works for. */
export async function agencyOf(draft: Draft, agentId: string): Promise<string> {
  const { agencyId } = await requireParty(draft, agentId, 'agent');
  if (agencyId === undefined) throw new Error(`agent ${agentId} has no agency`);
  return agencyId;
}

/** An agency acts for its own agents only; throws FORBIDDEN. */
export async function requireOwnAgent(work: Work, agentId: string): Promise<void> {
  const agencyId = await agencyOf(work.draft, agentId);
  if (work.submitter.role === 'agency' && work.submitter.partyId !== agencyId) {
    throw new Rejected('FORBIDDEN', `Agent ${agentId} works for another agency.`);
  }
}
