import type { PartyRecord } from '../protocol/records.ts';
import type { TransactionRequest } from '../protocol/transactions.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';
import type { MeterRecord } from './meter-record.ts';
import { requireMeter } from './meters.ts';
import { requireOwnAgent, requireParty } from './parties.ts';

type Request = TransactionRequest<'Suspend'>;

/** Suspends a party or a meter, or lifts it; lifting a meter's suspension also lifts its quarantine, unless the ledger is behind the meter: then only the end of its epoch does. */
export async function suspend(work: Work, request: Request): Promise<{ suspended: boolean }> {
  if ('meterId' in request) await suspendMeter(work, request);
  else await suspendParty(work, request);
  return { suspended: request.suspended };
}

async function suspendParty(work: Work, request: Extract<Request, { id: string }>): Promise<void> {
  const party = await requireParty(work.draft, request.id);
  if (work.submitter.role === 'agency') await requireOwn(work, party);
  if (party.id === work.submitter.partyId) throw new Rejected('SAME_PARTY', 'Nobody suspends itself.');
  const record: PartyRecord = {
    ...party,
    suspended: request.suspended,
    reason: request.reason,
    txId: work.txId,
  };
  work.draft.put(KEY.party(party.id), record);
}

async function requireOwn(work: Work, party: PartyRecord): Promise<void> {
  const agentId = party.role === 'agent' ? party.id : party.agentId;
  if (agentId === undefined)
    throw new Rejected('FORBIDDEN', 'An agency suspends its own agents and handsets only.');
  await requireOwnAgent(work, agentId);
}

async function suspendMeter(work: Work, request: Extract<Request, { meterId: string }>): Promise<void> {
  if (work.submitter.role !== 'discom') throw new Rejected('FORBIDDEN', 'Only the utility suspends meters.');
  const { quarantine, ...meter } = await requireMeter(work.draft, request.meterId);
  const stays = quarantine === 'ledger-behind' || (request.suspended && quarantine !== undefined);
  const kept = stays ? { quarantine } : {};
  const record: MeterRecord = { ...meter, ...kept, suspended: request.suspended, reason: request.reason };
  work.draft.put(KEY.meter(request.meterId), record);
}
