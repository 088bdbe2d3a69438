import {
  bytesToHex,
  type HandsetRequest,
  type ParsedRequest,
  parseRequest,
} from '@tapwatt/firmware-contracts';
import type { PartyRecord, RequestRecord } from '../protocol/records.ts';
import { signedBy } from '../registry/signed-by.ts';
import { Rejected } from '../rejected.ts';
import type { Draft } from '../state/draft.ts';
import { KEY } from '../state/keys.ts';

/** A request that its handset has signed for this ledger. Whether the handset may still act is not asked yet. */
export interface AuthenticRequest<Op extends HandsetRequest['op']> {
  readonly handset: PartyRecord;
  readonly agentId: string;
  readonly payload: Extract<HandsetRequest, { op: Op }>;
  readonly payloadHash: string;
  readonly parsed: ParsedRequest;
  /** Its place in the ledger, for ever. */
  readonly key: string;
}

/** Reads and verifies a handset's request; throws BAD_REQUEST, WRONG_AUDIENCE, PARTY_UNKNOWN, BAD_SIGNATURE. */
export async function authenticRequest<Op extends HandsetRequest['op']>(
  draft: Draft,
  jws: string,
  op: Op,
): Promise<AuthenticRequest<Op>> {
  const parsed = parseRequest(jws);
  const { payload } = parsed;
  if (!isOp(payload, op)) throw new Rejected('BAD_REQUEST', `op: must be ${op}.`);
  const handset = await signedBy(draft, parsed);
  if (handset.role !== 'handset' || handset.agentId === undefined) {
    throw new Rejected('PARTY_UNKNOWN', `No handset ${handset.id} is registered.`);
  }
  return {
    handset,
    agentId: handset.agentId,
    payload,
    payloadHash: bytesToHex(parsed.payloadHash),
    parsed,
    key: KEY.request(parsed.kid, payload.requestId),
  };
}

const isOp = <Op extends HandsetRequest['op']>(
  payload: HandsetRequest,
  op: Op,
): payload is Extract<HandsetRequest, { op: Op }> => payload.op === op;

/** What this request became earlier, if it was ever answered; throws REQUEST_REUSED for other content under its id. */
export async function earlierAnswer(
  draft: Draft,
  { key, payloadHash }: { readonly key: string; readonly payloadHash: string },
): Promise<RequestRecord | undefined> {
  const record = await draft.get<RequestRecord>(key);
  if (record !== undefined && record.payloadHash !== null && record.payloadHash !== payloadHash) {
    throw new Rejected('REQUEST_REUSED');
  }
  return record;
}
