import type { RequestRecord, VoucherRecord } from '../protocol/records.ts';
import type { CancelRequest, CancelResult } from '../protocol/transactions.ts';
import { requireActive, requireOwnAgent } from '../registry/parties.ts';
import { asRejected, Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import { apart, type Work } from '../work.ts';
import { type AuthenticRequest, authenticRequest, earlierAnswer } from './handset-request.ts';

type Cancel = AuthenticRequest<'cancel'>;

const OUTCOME = {
  ISSUED: 'cancelling',
  CANCELLING: 'cancelling',
  VOIDED: 'voided',
  REDEEMED: 'redeemed',
  RELEASED: 'released',
} as const satisfies Record<VoucherRecord['status'], CancelResult['outcome']>;

/** A voucher; throws VOUCHER_UNKNOWN. */
export async function requireVoucher(work: Work, voucherId: string): Promise<VoucherRecord> {
  const voucher = await work.draft.get<VoucherRecord>(KEY.voucher(voucherId));
  if (voucher === undefined) throw new Rejected('VOUCHER_UNKNOWN', `No voucher ${voucherId} was issued.`);
  return voucher;
}

/** The voucher with its cancel recorded, if it was still only issued. No money moves: only the meter ends a voucher. */
export function cancelling(work: Work, voucher: VoucherRecord, reason: string): VoucherRecord {
  if (voucher.status !== 'ISSUED') return voucher;
  const cancel = { by: work.submitter.partyId, reason, txId: work.txId };
  const next: VoucherRecord = { ...voucher, status: 'CANCELLING', cancel };
  work.draft.put(KEY.voucher(voucher.voucherId), next);
  return next;
}

/** Asks that a voucher be voided at its meter, by its agent's handset or by a party with a reason. */
export const requestCancel = (work: Work, request: CancelRequest): Promise<CancelResult> =>
  'jws' in request ? cancelForHandset(work, request.jws) : cancelForParty(work, request);

async function cancelForParty(
  work: Work,
  { voucherId, reason }: { readonly voucherId: string; readonly reason: string },
): Promise<CancelResult> {
  const voucher = await requireVoucher(work, voucherId);
  if (work.submitter.role === 'agency') await requireOwnAgent(work, voucher.agentId);
  return cancelled(work, voucher, reason);
}

function cancelled(work: Work, voucher: VoucherRecord, reason: string): CancelResult {
  const next = cancelling(work, voucher, reason);
  return { outcome: OUTCOME[next.status], repeated: voucher.status !== 'ISSUED', voucher: next };
}

/**
 * A handset's cancel is answered once: one that was accepted stays so whatever becomes of the handset, one that was
 * refused is refused for ever. What is not authentic is thrown and not recorded.
 */
async function cancelForHandset(work: Work, jws: string): Promise<CancelResult> {
  const request = await authenticRequest(work.draft, jws, 'cancel');
  const earlier = await earlierAnswer(work.draft, request);
  if (earlier !== undefined) return again(work, request, earlier);
  const { voucherId } = request.payload;
  const about = voucherId === undefined ? {} : { voucherId };
  const record: RequestRecord = { payloadHash: request.payloadHash, op: 'cancel', txId: work.txId, ...about };
  try {
    const result = await apart(work, (branch) => carryOut(branch, request));
    work.draft.put(request.key, record);
    return result;
  } catch (error) {
    const { code, message } = asRejected(error);
    work.draft.put(request.key, { ...record, refused: { code, message } });
    return { outcome: 'refused', repeated: false, code, message };
  }
}

/** The same answer, and where its voucher stands by now. */
async function again(work: Work, { payload }: Cancel, { refused }: RequestRecord): Promise<CancelResult> {
  if (refused !== undefined) return { outcome: 'refused', repeated: true, ...refused };
  if (payload.of !== undefined) return { outcome: 'abandoned', repeated: true };
  const voucher = await requireVoucher(work, payload.voucherId);
  return { outcome: OUTCOME[voucher.status], repeated: true, voucher };
}

async function carryOut(work: Work, request: Cancel): Promise<CancelResult> {
  await requireActive(work.draft, request.handset);
  const { voucherId, of } = request.payload;
  if (of !== undefined) return abandon(work, request, of);
  const voucher = await requireVoucher(work, voucherId);
  if (voucher.agentId !== request.agentId) throw new Rejected('FORBIDDEN', 'The voucher is another agent’s.');
  return cancelled(work, voucher, 'asked for by the agent');
}

/** Makes sure that a request which may still be on its way never succeeds; throws REQUEST_COMMITTED if it has. */
async function abandon(work: Work, { handset, payload }: Cancel, of: string): Promise<CancelResult> {
  if (of === payload.requestId) throw new Rejected('BAD_REQUEST', 'of: a request cannot abandon itself.');
  const key = KEY.request(handset.id, of);
  const known = await work.draft.get<RequestRecord>(key);
  if (known === undefined) {
    const refused = { code: 'ABANDONED', message: `Request ${of} was abandoned.` } as const;
    const record: RequestRecord = { payloadHash: null, op: 'cancel', txId: work.txId, refused };
    work.draft.put(key, record);
  } else if (known.refused === undefined) {
    throw new Rejected('REQUEST_COMMITTED', `Request ${of} is committed; cancel its voucher.`);
  }
  return { outcome: 'abandoned', repeated: known !== undefined };
}
