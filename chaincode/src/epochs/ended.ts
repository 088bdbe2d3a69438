import { VOUCHER_KIND } from '@tapwatt/firmware-contracts';
import { clearedByEnd } from '../copies/clear.ts';
import type { OrderRecord } from '../protocol/records.ts';
import { type MeterRecord, withNewerFigures } from '../registry/meter-record.ts';
import { requireMeter } from '../registry/meters.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import { recordOrphan } from '../vouchers/orphan.ts';
import type { Settled } from '../vouchers/settle-proof.ts';
import type { ShownReceipt } from '../vouchers/shown-receipt.ts';
import { withoutProof } from '../vouchers/without-proof.ts';
import type { Work } from '../work.ts';
import { movedTo } from './move.ts';

/** Takes a meter's answer to an order of kind 4 or 6: C moves the epoch, also when the order had been withdrawn. */
export async function settleEndOfEpoch(work: Work, shown: ShownReceipt): Promise<Settled> {
  const order = await work.draft.get<OrderRecord>(KEY.order(shown.voucherId));
  if (order === undefined) {
    return shown.opening === undefined ? withoutProof(shown) : recordOrphan(work, shown);
  }
  if (order.meterId !== shown.meterId) throw new Rejected('WRONG_METER', 'The order is another meter’s.');
  if (shown.opening === undefined) return withoutProof(shown);
  if (shown.opening.hash !== order.closeHash) {
    throw new Rejected('BAD_OPENING', `The opening is not C of order ${order.voucherId}.`);
  }
  if (order.status === 'DONE') return { outcome: 'epoch-ended', repeated: true };
  const done: OrderRecord = {
    ...order,
    status: 'DONE',
    settledTxId: work.txId,
    opening: shown.opening.value,
  };
  work.draft.put(KEY.order(order.voucherId), done);
  const before = await requireMeter(work.draft, order.meterId);
  const after = withNewerFigures(await ended(work, before, order), shown.figures);
  const meter = await clearedByEnd(work, { before, after }, { order, shown });
  work.draft.put(KEY.meter(order.meterId), meter);
  return { outcome: 'epoch-ended', repeated: false };
}

async function ended(work: Work, meter: MeterRecord, order: OrderRecord): Promise<MeterRecord> {
  const moved = meter.keyEpoch <= order.keyEpoch ? await caughtUp(work, meter, order) : meter;
  const { order: pending, ...rest } = moved;
  return {
    ...rest,
    ...(pending === undefined || pending.voucherId === order.voucherId ? {} : { order: pending }),
    closed: rest.closed || order.kind === VOUCHER_KIND.CLOSE,
  };
}

/** A ledger that had fallen behind its meter is fit to issue again: nothing of the ended epoch can be credited any more. */
async function caughtUp(work: Work, meter: MeterRecord, order: OrderRecord): Promise<MeterRecord> {
  const { quarantine, ...rest } = await movedTo(work, meter, order.keyEpoch + 1);
  return quarantine === undefined || quarantine === 'ledger-behind' ? rest : { ...rest, quarantine };
}
