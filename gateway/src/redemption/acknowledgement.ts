import type { MeterSummary } from '@tapwatt/chaincode';

/** The newest numbered window that a meter has shown, from an authentic receipt or status. */
export interface ShownWindow {
  readonly keyEpoch: number;
  readonly receiptNo: number;
  readonly hi: number;
  readonly used: bigint;
}

export interface AcknowledgeableReceipt {
  readonly keyEpoch: number;
  readonly receiptNo: number;
  readonly floorSeq: number;
}

/**
 * Whether the meter's newest number may be acknowledged: only when the ledger has resolved every used seq that the
 * meter showed, the ended epoch's included (WIRE.md, "Acknowledgement"). Answers with the ledger's own floor.
 */
export function acknowledgeable(shown: ShownWindow, meter: MeterSummary): AcknowledgeableReceipt | undefined {
  if (shown.receiptNo === 0 || shown.keyEpoch !== meter.keyEpoch) return undefined;
  if (meter.open.some((voucher) => voucher.keyEpoch !== meter.keyEpoch)) return undefined;
  const open = new Set(meter.open.map((voucher) => voucher.seq));
  const unresolved = usedSeqs(shown).some((seq) => open.has(seq) || seq >= meter.nextSeq);
  return unresolved
    ? undefined
    : { keyEpoch: meter.keyEpoch, receiptNo: shown.receiptNo, floorSeq: meter.floorSeq };
}

/**
 * Whether an acknowledgement tells the meter anything new. One that does not is never sent: the meter would publish its
 * receipts again at each, and each of these would be acknowledged, without end.
 */
export const raises = (answer: AcknowledgeableReceipt, known: AcknowledgeableReceipt | undefined): boolean =>
  known === undefined ||
  answer.keyEpoch !== known.keyEpoch ||
  answer.receiptNo > known.receiptNo ||
  answer.floorSeq > known.floorSeq;

/** The seqs whose bits are set: bit i says hi - i (WIRE.md, "What a meter keeps"). */
function usedSeqs(shown: ShownWindow): number[] {
  const seqs: number[] = [];
  for (let bits = shown.used, seq = shown.hi; bits > 0n && seq > 0; bits >>= 1n, seq -= 1) {
    if ((bits & 1n) === 1n) seqs.push(seq);
  }
  return seqs;
}
