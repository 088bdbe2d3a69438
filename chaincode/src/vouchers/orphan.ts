import { carriesMoney, VOUCHER_KIND } from '@tapwatt/firmware-contracts';
import { suspectCopy } from '../copies/evidence.ts';
import { takenFromRemainder } from '../copies/remainder.ts';
import { transfer } from '../money/transfer.ts';
import type { MeterFigures, OrphanRecord } from '../protocol/records.ts';
import type { TransactionRequest, TransactionResult } from '../protocol/transactions.ts';
import { added, type Forgotten, type MeterRecord, withNewerFigures } from '../registry/meter-record.ts';
import { requireMeter } from '../registry/meters.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';
import type { Settled } from './settle-proof.ts';
import { isRefusal, type ShownReceipt } from './shown-receipt.ts';

/** Forgotten vouchers that a meter's record names: more than a handset leaves unfinished. */
const MAX_FORGOTTEN = 32;

/** Records what a meter did with a voucher that this ledger has forgotten, and counts it as settled there; nothing is booked yet. */
export async function recordOrphan(work: Work, shown: ShownReceipt): Promise<Settled> {
  const { meterId, voucherId, kind, keyEpoch, seq } = shown;
  const key = KEY.orphan(meterId, voucherId);
  const claimed = carriesMoney(kind) && !isRefusal(shown) ? shown.credited : 0n;
  const known = await work.draft.get<OrphanRecord>(key);
  if (known !== undefined && !tellsMore(known, claimed)) return { outcome: 'orphan', repeated: true };
  const meter = await requireMeter(work.draft, meterId);
  const fresh = await takenFromRemainder(work, meter, { keyEpoch, amount: claimed });
  const amount = fresh.bookedWith === undefined ? claimed : fresh.amount;
  const orphan: OrphanRecord = {
    meterId,
    voucherId,
    kind,
    keyEpoch,
    seq,
    amount: `${amount}`,
    status: amount > 0n ? 'RECORDED' : 'NOTHING',
    receipt: shown.hex,
    txId: work.txId,
    ...(fresh.bookedWith === undefined ? {} : { partOf: fresh.bookedWith }),
  };
  work.draft.put(key, orphan);
  await count(work, meterId, {
    amount: fresh.amount,
    ...(known === undefined ? { orphan: { voucherId, keyEpoch, seq } } : {}),
    figures: shown.figures,
  });
  work.alarms.push({ what: 'orphan', meterId, voucherId });
  if (known === undefined) await suspectCopy(work, meter, { what: 'orphan', keyEpoch, voucherId });
  return { outcome: 'orphan', repeated: false };
}

/** The answer to a void order shows F too, and states no amount: the answer to the voucher itself, coming later, does. */
const tellsMore = ({ status, partOf, kind }: OrphanRecord, claimed: bigint): boolean =>
  status === 'NOTHING' && partOf === undefined && kind === VOUCHER_KIND.VOID && claimed > 0n;

async function count(
  work: Work,
  meterId: string,
  change: { readonly amount: bigint; readonly orphan?: Forgotten; readonly figures?: MeterFigures },
): Promise<void> {
  const meter = await requireMeter(work.draft, meterId);
  const shown = change.figures === undefined ? meter : withNewerFigures(meter, change.figures);
  work.draft.put(KEY.meter(meterId), {
    ...shown,
    settled: added(meter.settled, change.amount),
    orphaned: added(meter.orphaned, change.amount),
    ...(change.orphan === undefined ? {} : remembered(meter, change.orphan)),
  });
}

const remembered = (meter: MeterRecord, orphan: Forgotten) => ({
  orphans: meter.orphans + 1,
  forgotten: [...(meter.forgotten ?? []), orphan].slice(-MAX_FORGOTTEN),
});

/** Books an orphan as RECOVERED once two parties have stated the same amount: Dr suspense Cr meter credit. */
export async function recoverOrphan(
  work: Work,
  { meterId, voucherId, amount }: TransactionRequest<'RecoverOrphan'>,
): Promise<TransactionResult<'RecoverOrphan'>> {
  const key = KEY.orphan(meterId, voucherId);
  const orphan = await work.draft.get<OrphanRecord>(key);
  if (orphan === undefined) throw new Rejected('NOT_FOUND', 'No such orphan is recorded.');
  if (orphan.status === 'NOTHING') throw new Rejected('VOUCHER_STATE', 'There is no money in this orphan.');
  if (orphan.status === 'RECOVERED') {
    if (orphan.amount === amount) return { state: 'recovered', repeated: true };
    throw new Rejected('VOUCHER_STATE', `The orphan was recovered with ${orphan.amount}.`);
  }
  const { partyId } = work.submitter;
  const { proposal } = orphan;
  if (proposal === undefined || proposal.amount !== amount) {
    const proposed: OrphanRecord = { ...orphan, proposal: { by: partyId, amount, txId: work.txId } };
    work.draft.put(key, proposed);
    return { state: 'proposed', repeated: false };
  }
  if (proposal.by === partyId) throw new Rejected('SAME_PARTY');
  await book(work, orphan, BigInt(amount));
  return { state: 'recovered', repeated: false };
}

async function book(work: Work, orphan: OrphanRecord, amount: bigint): Promise<void> {
  const { meterId, voucherId } = orphan;
  const recovered: OrphanRecord = {
    ...orphan,
    amount: `${amount}`,
    status: 'RECOVERED',
    recoveredBy: work.submitter.partyId,
    settledTxId: work.txId,
  };
  work.draft.put(KEY.orphan(meterId, voucherId), recovered);
  await count(work, meterId, { amount: amount - BigInt(orphan.amount) });
  await transfer(work, { kind: 'orphan', debit: 'suspense', credit: 'meter-credit', amount, ref: voucherId });
}
