import { suspectCopy } from '../copies/evidence.ts';
import type { OrderRecord } from '../protocol/records.ts';
import type { TransactionRequest, TransactionResult } from '../protocol/transactions.ts';
import { type MeterRecord, summaryOf } from '../registry/meter-record.ts';
import { quarantined, requireMeter } from '../registry/meters.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import { readShownReceipt, type ShownReceipt } from '../vouchers/shown-receipt.ts';
import type { Work } from '../work.ts';
import { movedTo } from './move.ts';

/**
 * Withdraws an order that its meter authentically refused, and takes over the meter's own epoch and closed bit. A C shown
 * later still counts. Throws ORDER_UNKNOWN, WRONG_METER, VOUCHER_STATE, BAD_REQUEST for a receipt that refuses nothing.
 */
export async function withdrawOrder(
  work: Work,
  request: TransactionRequest<'WithdrawOrder'>,
): Promise<TransactionResult<'WithdrawOrder'>> {
  const shown = readShownReceipt(request.receipt);
  const order = await work.draft.get<OrderRecord>(KEY.order(shown.voucherId));
  if (order === undefined)
    throw new Rejected('ORDER_UNKNOWN', 'The receipt answers no order of this ledger.');
  if (order.meterId !== request.meterId || shown.meterId !== request.meterId)
    throw new Rejected('WRONG_METER');
  const own = ownEpoch(shown, order);
  const meter = await requireMeter(work.draft, order.meterId);
  if (order.status === 'DONE') throw new Rejected('VOUCHER_STATE', 'The meter has taken this order.');
  const { voucherId } = order;
  if (order.status === 'WITHDRAWN') return { voucherId, repeated: true, meter: summaryOf(meter) };
  const withdrawn: OrderRecord = {
    ...order,
    status: 'WITHDRAWN',
    settledTxId: work.txId,
    receipt: shown.hex,
  };
  work.draft.put(KEY.order(voucherId), withdrawn);
  const { order: _, ...free } = meter;
  const next = await takenOver(work, free, own);
  work.draft.put(KEY.meter(order.meterId), next);
  return { voucherId, repeated: false, meter: summaryOf(next) };
}

interface OwnEpoch {
  readonly keyEpoch: number;
  readonly closed: boolean;
  /** Nothing was taken in it yet, as on a new board; otherwise by a ledger that is not this one. */
  readonly unused: boolean;
  /** The board has counted receipts, so it is not a new one: another ledger ended its epoch. */
  readonly elsewhere: boolean;
}

/** What the refusal says of the meter's own epoch (WIRE.md, the meter's checks 2 and 5; `keyEpoch` of the receipt). */
function ownEpoch({ result, keyEpoch, hi, figures }: ShownReceipt, order: OrderRecord): OwnEpoch {
  const elsewhere = figures.receiptNo > 0;
  switch (result) {
    case 'CONFLICT':
      // Another ledger's order ended this very epoch; the window shown is that of the ended one.
      return { keyEpoch: order.keyEpoch + 1, closed: false, unused: false, elsewhere };
    case 'BAD_EPOCH':
      return { keyEpoch, closed: false, unused: hi === 0, elsewhere };
    case 'CLOSED':
      return { keyEpoch, closed: true, unused: hi === 0, elsewhere };
    default:
      throw new Rejected('BAD_REQUEST', `receipt: ${result} does not refuse an order for good.`);
  }
}

/** A meter in an epoch before the ledger's is another board than the ledger thinks: no seq of it can be trusted. */
async function takenOver(work: Work, meter: MeterRecord, own: OwnEpoch): Promise<MeterRecord> {
  const closed = meter.closed || own.closed;
  if (own.keyEpoch < meter.keyEpoch) return { ...quarantined(work, meter, 'register-fell'), closed };
  if (own.keyEpoch === meter.keyEpoch) return { ...meter, closed };
  if (own.elsewhere) {
    await suspectCopy(work, meter, { what: 'epoch-ended-elsewhere', keyEpoch: own.keyEpoch });
  }
  const moved = await movedTo(work, meter, own.keyEpoch);
  return { ...(own.unused ? moved : quarantined(work, moved, 'ledger-behind')), closed };
}
