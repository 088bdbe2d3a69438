import type { OrderIdentity } from './context.ts';
import type { RequestRecord } from './protocol/records.ts';
import { KEY } from './state/keys.ts';
import { earlierAnswer } from './vouchers/handset-request.ts';
import type { Work } from './work.ts';

const placeOf = (work: Work, { requestId }: OrderIdentity): string =>
  KEY.request(work.submitter.partyId, requestId);

/** The answer that this signed order had before, if it was carried out already; throws REQUEST_REUSED. */
export async function answeredOrder(
  work: Work,
  order: OrderIdentity,
): Promise<{ readonly result: unknown } | undefined> {
  const { payloadHash } = order;
  const record = await earlierAnswer(work.draft, { key: placeOf(work, order), payloadHash });
  return record === undefined ? undefined : { result: record.result };
}

/** Writes the answer down, for ever. */
export function recordOrder(
  work: Work,
  order: OrderIdentity,
  { op, result }: { readonly op: string; readonly result: unknown },
): void {
  const record: RequestRecord = { payloadHash: order.payloadHash, op, txId: work.txId, result };
  work.draft.put(placeOf(work, order), record);
}
