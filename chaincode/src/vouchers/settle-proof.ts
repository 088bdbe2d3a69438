import { receivableFrom, walletAccount } from '../money/accounts.ts';
import { transfer } from '../money/transfer.ts';
import type { VoucherRecord } from '../protocol/records.ts';
import type { SettlementResult } from '../protocol/transactions.ts';
import { added, type MeterRecord, withNewerFigures, withoutOpen } from '../registry/meter-record.ts';
import { requireMeter } from '../registry/meters.ts';
import { agencyOf } from '../registry/parties.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';
import { recordBreak } from './breaks.ts';
import type { ShownReceipt } from './shown-receipt.ts';

export type Settled = Pick<SettlementResult, 'outcome' | 'code' | 'repeated' | 'settledTxId'>;
export type ProvingReceipt = ShownReceipt & Required<Pick<ShownReceipt, 'opening'>>;

type Step = (work: Work, voucher: VoucherRecord, shown: ProvingReceipt) => Promise<Settled>;

/** Ends a voucher by what its meter showed: F, that it was credited; V, that it never can be. Throws BAD_OPENING for anything else. */
export const settleProof: Step = (work, voucher, shown) => {
  if (shown.opening.hash === voucher.fulfilHash) return ON_FULFIL[voucher.status](work, voucher, shown);
  if (shown.opening.hash === voucher.voidHash) return ON_VOID[voucher.status](work, voucher, shown);
  throw new Rejected('BAD_OPENING', `The opening is neither F nor V of voucher ${voucher.voucherId}.`);
};

const redeem: Step = async (work, voucher, shown) => {
  await endVoucher(work, { ...voucher, status: 'REDEEMED' }, shown, (meter) => ({
    ...meter,
    settled: added(meter.settled, BigInt(voucher.amount)),
  }));
  await transfer(work, { ...about(voucher), kind: 'redeem', debit: 'hold', credit: 'meter-credit' });
  return { outcome: 'redeemed', repeated: false, settledTxId: work.txId };
};

const giveBack: Step = async (work, voucher, shown) => {
  await endVoucher(work, { ...voucher, status: 'VOIDED' }, shown, (meter) => meter);
  const credit = walletAccount(voucher.walletId);
  await transfer(work, { ...about(voucher), kind: 'void', debit: 'hold', credit });
  return { outcome: 'voided', repeated: false, settledTxId: work.txId };
};

/** Credited after all, though its money was given back without proof: the agency that released it owes it. */
const redeemLate: Step = async (work, voucher, shown) => {
  if (voucher.receipt !== undefined) return contradiction('fulfilled-after-void')(work, voucher, shown);
  const amount = BigInt(voucher.amount);
  await endVoucher(work, { ...voucher, status: 'REDEEMED' }, shown, (meter) => ({
    ...meter,
    settled: added(meter.settled, amount),
    unproven: added(meter.unproven, -amount),
  }));
  const debit = receivableFrom(await agencyOf(work.draft, voucher.agentId));
  await transfer(work, { ...about(voucher), kind: 'late', debit, credit: 'meter-credit' });
  return { outcome: 'redeemed', repeated: false, settledTxId: work.txId };
};

/** The money was given back already; now it is proved that this was right. */
const proveRelease: Step = async (work, voucher, shown) => {
  if (voucher.receipt !== undefined) return { outcome: 'released', repeated: true };
  await endVoucher(work, voucher, shown, (meter) => ({
    ...meter,
    unproven: added(meter.unproven, -BigInt(voucher.amount)),
  }));
  return { outcome: 'released', repeated: false };
};

const again =
  (outcome: Settled['outcome']): Step =>
  async (_work, { settledTxId }) => ({
    outcome,
    repeated: true,
    ...(settledTxId === undefined ? {} : { settledTxId }),
  });

const contradiction =
  (what: 'fulfilled-after-void' | 'voided-after-fulfilment'): Step =>
  async (work, { voucherId, meterId }, { hex }) => {
    const isNew = await recordBreak(work, what, { voucherId, meterId, receipt: hex });
    return { outcome: 'refused', code: 'VOUCHER_STATE', repeated: !isNew };
  };

/** The state machine of DESIGN.md "The ledger", one column per proof. */
const ON_FULFIL: Readonly<Record<VoucherRecord['status'], Step>> = {
  ISSUED: redeem,
  CANCELLING: redeem,
  REDEEMED: again('redeemed'),
  VOIDED: contradiction('fulfilled-after-void'),
  RELEASED: redeemLate,
};

const ON_VOID: Readonly<Record<VoucherRecord['status'], Step>> = {
  ISSUED: giveBack,
  CANCELLING: giveBack,
  REDEEMED: contradiction('voided-after-fulfilment'),
  VOIDED: again('voided'),
  RELEASED: proveRelease,
};

async function endVoucher(
  work: Work,
  voucher: VoucherRecord,
  shown: ProvingReceipt,
  change: (meter: MeterRecord) => MeterRecord,
): Promise<void> {
  const ended: VoucherRecord = { ...voucher, settledTxId: work.txId, receipt: shown.hex };
  work.draft.put(KEY.voucher(voucher.voucherId), ended);
  const meter = withoutOpen(await requireMeter(work.draft, voucher.meterId), voucher.voucherId);
  work.draft.put(KEY.meter(voucher.meterId), withNewerFigures(change(meter), shown.figures));
}

const about = ({ amount, voucherId }: VoucherRecord) => ({ amount: BigInt(amount), ref: voucherId });
