import { meterId as asMeterId, VOUCHER_KIND, voucherIdOf, WINDOW_SIZE } from '@tapwatt/firmware-contracts';
import { requireIssuing } from '../copies/waiting.ts';
import { walletAccount } from '../money/accounts.ts';
import { transfer } from '../money/transfer.ts';
import type { RequestRecord, VoucherRecord } from '../protocol/records.ts';
import type { IssueItem } from '../protocol/transactions.ts';
import { floorSeqOf, type MeterRecord, withOpen } from '../registry/meter-record.ts';
import { requireMeter } from '../registry/meters.ts';
import { requireActive } from '../registry/parties.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import { requireWallet } from '../wallet/wallets.ts';
import type { Work } from '../work.ts';
import type { AuthenticRequest } from './handset-request.ts';

type Issue = AuthenticRequest<'issue'>;

/** What the issuer proposed does not fit the ledger; the handset's request is not at fault and may be proposed again. */
class ProposalRefused extends Rejected {
  readonly hint: { readonly nextSeq?: number; readonly keyEpoch?: number; readonly floorSeq?: number } = {};

  static seqNotNext(meter: MeterRecord): ProposalRefused {
    const hint = { nextSeq: meter.nextSeq, keyEpoch: meter.keyEpoch, floorSeq: floorSeqOf(meter) };
    return Object.assign(new ProposalRefused('SEQ_NOT_NEXT', undefined, { details: hint }), { hint });
  }
}

export const isProposalRefused = (error: Rejected): error is ProposalRefused =>
  error instanceof ProposalRefused;

/** Issues one voucher: wallet debited, seq taken, request answered for ever. Throws Rejected and has then done nothing. */
export async function issueOne(work: Work, item: IssueItem, request: Issue) {
  const { walletId, meterId, amount } = request.payload;
  await requireActive(work.draft, request.handset);
  await requireIssuing(work, meterId);
  await requireSpendable(work, request);
  const meter = await requireMeter(work.draft, meterId);
  requireOpenForIssue(meter);
  requireFittingProposal(item, request, meter);
  await requireUnknownVoucher(work, item.voucherId);
  requireNotForgotten(request, meter);
  const voucher = voucherOf(work, item, request, floorSeqOf(meter));
  work.draft.put(KEY.voucher(voucher.voucherId), voucher);
  const { voucherId, keyEpoch, seq } = voucher;
  work.draft.put(KEY.meter(meterId), withOpen(meter, { voucherId, keyEpoch, seq, amount, walletId }));
  recordIssue(work, request, voucher);
  await transfer(work, {
    kind: 'issue',
    debit: walletAccount(walletId),
    credit: 'hold',
    amount: BigInt(amount),
    ref: voucherId,
  });
  return { voucherId, meterId, keyEpoch, seq, amount, deliver: voucher.deliver };
}

async function requireSpendable(work: Work, { payload, agentId }: Issue): Promise<void> {
  const wallet = await requireWallet(work.draft, payload.walletId);
  if (wallet.agentId !== agentId) throw new Rejected('FORBIDDEN', 'The wallet belongs to another agent.');
  if (wallet.state !== 'open') throw new Rejected('WALLET_STATE', `The wallet is ${wallet.state}.`);
  if (BigInt(wallet.balance) < BigInt(payload.amount)) throw new Rejected('INSUFFICIENT_FUNDS');
}

function requireOpenForIssue(meter: MeterRecord): void {
  const state = blockedBy(meter);
  if (state !== undefined) throw new Rejected('METER_STATE', `Meter ${meter.meterId} ${state}.`);
  // The meter's check 6 (WIRE.md): no seq a whole window above the oldest unresolved one.
  const full = meter.open.length >= meter.openLimit || meter.nextSeq >= floorSeqOf(meter) + WINDOW_SIZE;
  if (full)
    throw new Rejected('WINDOW_FULL', `${meter.open.length} vouchers of meter ${meter.meterId} are open.`);
}

function blockedBy(meter: MeterRecord): string | undefined {
  if (meter.closed) return 'is closed';
  if (meter.suspended) return 'is suspended';
  if (meter.quarantine !== undefined) return 'is quarantined';
  if (meter.order !== undefined) return 'is changing its key epoch';
  return meter.nextSeq > 0xffff_ffff
    ? 'has used up its sequence numbers; its key epoch must be ended'
    : undefined;
}

function requireFittingProposal(item: IssueItem, request: Issue, meter: MeterRecord): void {
  const fits =
    item.seq === meter.nextSeq && item.keyEpoch === meter.keyEpoch && item.floorSeq <= floorSeqOf(meter);
  if (!fits) throw ProposalRefused.seqNotNext(meter);
  const { keyEpoch, seq } = item;
  const { payloadHash } = request.parsed;
  const voucherId = voucherIdOf({ meterId: asMeterId(meter.meterId), keyEpoch, seq, payloadHash });
  if (item.voucherId !== voucherId) {
    throw new ProposalRefused('BAD_REQUEST', `voucherId: must be ${voucherId} for this request and seq.`);
  }
}

async function requireUnknownVoucher(work: Work, voucherId: string): Promise<void> {
  const known = await work.draft.get(KEY.voucher(voucherId));
  if (known !== undefined) throw new Error(`voucher ${voucherId} exists under a seq that was never issued`);
}

/** A ledger that was restored may be asked again for what its meter has long taken, in an epoch gone by. */
function requireNotForgotten(request: Issue, meter: MeterRecord): void {
  const { payloadHash } = request.parsed;
  const meterId = asMeterId(meter.meterId);
  const taken = meter.forgotten?.some(
    ({ voucherId, ...at }) => voucherIdOf({ meterId, ...at, payloadHash }) === voucherId,
  );
  if (taken !== true) return;
  throw new Rejected('CONFLICT', 'The meter took a voucher of this request before this ledger knew of it.');
}

const voucherOf = (work: Work, item: IssueItem, request: Issue, floorSeq: number): VoucherRecord => ({
  voucherId: item.voucherId,
  kind: VOUCHER_KIND.CREDIT,
  meterId: request.payload.meterId,
  keyEpoch: item.keyEpoch,
  seq: item.seq,
  floorSeq,
  amount: request.payload.amount,
  issuedAt: item.issuedAt,
  expiresAt: request.payload.expiresAt ?? 0,
  walletId: request.payload.walletId,
  agentId: request.agentId,
  kid: request.handset.id,
  requestId: request.payload.requestId,
  payloadHash: request.payloadHash,
  fulfilHash: item.fulfilHash,
  voidHash: item.voidHash,
  deliver: request.payload.deliver,
  status: 'ISSUED',
  txId: work.txId,
});

function recordIssue(work: Work, request: Issue, voucher: VoucherRecord): void {
  const { voucherId, meterId, keyEpoch, seq, amount, deliver } = voucher;
  const record: RequestRecord = {
    payloadHash: request.payloadHash,
    op: 'issue',
    txId: work.txId,
    voucherId,
    issued: { meterId, keyEpoch, seq, amount, deliver },
  };
  work.draft.put(request.key, record);
}
