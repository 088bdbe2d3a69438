import { meterId as asMeterId, bytesToHex, parseOrder, voucherIdOf } from '@tapwatt/firmware-contracts';
import { requireReadFirst } from '../copies/clear.ts';
import type { OrderKind, OrderRecord, PendingOrder, RequestRecord } from '../protocol/records.ts';
import type { EndEpochRequest, EndEpochResult } from '../protocol/transactions.ts';
import { ledgerOf } from '../registry/genesis.ts';
import { hasOpenOfEndedEpoch, type MeterRecord, summaryOf } from '../registry/meter-record.ts';
import { requireMeter } from '../registry/meters.ts';
import { requireActive } from '../registry/parties.ts';
import { signedBy } from '../registry/signed-by.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import { readRequest } from '../validate.ts';
import { earlierAnswer } from '../vouchers/handset-request.ts';
import type { Work } from '../work.ts';

/** Which transaction orders which kind, and whose signature it needs: a gateway may renew keys, only the utility closes a meter. */
const ORDERS = {
  RotateMeterKey: { kind: 6, signers: ['discom', 'gateway'] },
  CloseMeter: { kind: 4, signers: ['discom'] },
} as const satisfies Record<string, { kind: OrderKind; signers: readonly string[] }>;

type OrderName = keyof typeof ORDERS;

interface AuthenticEnd {
  readonly kid: string;
  readonly requestId: string;
  readonly payloadHash: Uint8Array;
  readonly meterId: string;
  readonly reason: string;
}

/**
 * Orders the end of a meter's epoch and stops issuing for it at once. One at a time, and the next only when the ended
 * epoch has no open voucher. Throws ORDER_PENDING, METER_STATE, SEQ_NOT_NEXT when the epoch is another by now.
 */
export async function orderEndOfEpoch(
  work: Work,
  name: OrderName,
  request: EndEpochRequest,
): Promise<EndEpochResult> {
  const order = await authenticEnd(work, name, request.jws);
  const key = KEY.request(order.kid, order.requestId);
  const payloadHash = bytesToHex(order.payloadHash);
  const earlier = await earlierAnswer(work.draft, { key, payloadHash });
  const meter = await requireMeter(work.draft, order.meterId);
  if (earlier?.voucherId !== undefined) {
    return { voucherId: earlier.voucherId, repeated: true, meter: summaryOf(meter) };
  }
  requireOrderable(meter);
  if (name === 'RotateMeterKey') await requireReadFirst(work, meter);
  requireFitting(request, order, meter);
  const { voucherId } = request;
  const answer: RequestRecord = { payloadHash, op: name, txId: work.txId, voucherId };
  work.draft.put(key, answer);
  return { voucherId, repeated: false, meter: summaryOf(await place(work, { name, request, order, meter })) };
}

async function authenticEnd(work: Work, name: OrderName, jws: string): Promise<AuthenticEnd> {
  const parsed = parseOrder(jws);
  const { op, requestId, request } = parsed.payload;
  if (op !== name) throw new Rejected('BAD_REQUEST', `op: must be ${name}.`);
  const party = await signedBy(work.draft, parsed);
  await requireActive(work.draft, party);
  if (!ORDERS[name].signers.some((role) => role === party.role)) {
    throw new Rejected('FORBIDDEN', `A ${party.role} may not order that.`);
  }
  const wanted = readRequest(request, (fields) => ({
    meterId: fields.meterId('meterId'),
    reason: fields.text('reason'),
  }));
  return { kid: parsed.kid, requestId, payloadHash: parsed.payloadHash, ...wanted };
}

function requireOrderable(meter: MeterRecord): void {
  if (meter.order !== undefined) throw new Rejected('ORDER_PENDING');
  if (meter.closed) throw new Rejected('METER_STATE', `Meter ${meter.meterId} is closed.`);
  if (hasOpenOfEndedEpoch(meter)) {
    throw new Rejected('METER_STATE', 'A voucher of the epoch ended before is still open.');
  }
  if (meter.keyEpoch >= 0xffff) throw new Rejected('METER_STATE', 'The meter has used up its key epochs.');
}

function requireFitting(request: EndEpochRequest, order: AuthenticEnd, meter: MeterRecord): void {
  if (request.keyEpoch !== meter.keyEpoch) {
    throw new Rejected('SEQ_NOT_NEXT', `The meter is in key epoch ${meter.keyEpoch}.`, {
      details: { keyEpoch: meter.keyEpoch },
    });
  }
  const { keyEpoch } = request;
  const { payloadHash } = order;
  const voucherId = voucherIdOf({ meterId: asMeterId(meter.meterId), keyEpoch, seq: 0, payloadHash });
  if (request.voucherId !== voucherId) {
    throw new Rejected('BAD_REQUEST', `voucherId: must be ${voucherId} for this order.`);
  }
}

async function place(
  work: Work,
  {
    name,
    request,
    order,
    meter,
  }: { name: OrderName; request: EndEpochRequest; order: AuthenticEnd; meter: MeterRecord },
): Promise<MeterRecord> {
  const { voucherId, keyEpoch, issuedAt, closeHash } = request;
  const pending: PendingOrder = { kind: ORDERS[name].kind, voucherId, keyEpoch, issuedAt };
  const key = KEY.order(voucherId);
  if ((await work.draft.get(key)) !== undefined)
    throw new Error(`order ${voucherId} exists without its request`);
  const { restores } = await ledgerOf(work.draft);
  const record: OrderRecord = {
    ...pending,
    meterId: order.meterId,
    closeHash,
    payloadHash: bytesToHex(order.payloadHash),
    kid: order.kid,
    requestId: order.requestId,
    reason: order.reason,
    status: 'PENDING',
    txId: work.txId,
    ...(restores === undefined ? {} : { restores }),
  };
  work.draft.put(key, record);
  const next: MeterRecord = { ...meter, order: pending };
  work.draft.put(KEY.meter(order.meterId), next);
  return next;
}
