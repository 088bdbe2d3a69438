import type { MeterSummary } from '@tapwatt/chaincode';
import {
  bytesToHex,
  ERRORS,
  hexToBytes,
  type ReceiptFields,
  type ReceiptOutcome,
  TapwattError,
} from '@tapwatt/firmware-contracts';
import { type AcknowledgeableReceipt, acknowledgeable } from '../redemption/acknowledgement.ts';
import type { RequestOf } from './authenticate.ts';
import type { DeskPorts } from './ports.ts';

/** One receipt and what became of it; `settlement` where the ledger looked at it. */
interface Brought {
  readonly outcome: ReceiptOutcome;
  readonly settlement?: { readonly fields: ReceiptFields; readonly meter: MeterSummary };
}

/**
 * `receipts`: settles what a courier brought from taps; answers one outcome for each, in their order, and
 * acknowledgements to carry back. What passes by itself (the ledger away, a full queue) refuses the whole, so that the
 * courier keeps the receipts and brings them again: settling twice is settling once. Throws such an error.
 */
export async function answerReceipts(ports: DeskPorts, request: RequestOf<'receipts'>): Promise<void> {
  const { handsetId, requestId, payload } = request;
  const brought = await Promise.all(payload.receipts.map((receipt) => settleOne(ports, hexToBytes(receipt))));
  ports.outbox.answer(handsetId, {
    requestId,
    status: 'settled',
    acks: await acknowledgementsFor(ports, brought),
    outcomes: brought.map(({ outcome }) => outcome),
  });
}

async function settleOne(ports: DeskPorts, frame: Uint8Array): Promise<Brought> {
  try {
    const { fields } = await ports.issuer.readReceipt(frame);
    const { result } = await ports.redemptions.settle(frame);
    const { voucherId, meterId, outcome, code, meter } = result;
    return {
      outcome: { outcome, voucherId, meterId, ...(code === undefined ? {} : { code }) },
      ...(meter === undefined ? {} : { settlement: { fields, meter } }),
    };
  } catch (error) {
    // A receipt that is not authentic does not hold up the others.
    if (!(error instanceof TapwattError) || ERRORS[error.code].retry === 'same') throw error;
    return { outcome: { outcome: 'refused', code: error.code } };
  }
}

/**
 * The furthest acknowledgement for each meter. Receipts come in any order, so each window is held against every state
 * of its meter on the ledger that their settlement showed: what was resolved once stays so.
 */
async function acknowledgementsFor(ports: DeskPorts, brought: readonly Brought[]): Promise<string[]> {
  const settlements = brought.flatMap(({ settlement }) => (settlement === undefined ? [] : [settlement]));
  const meterIds = new Set(settlements.map(({ meter }) => meter.meterId));
  const acks = [...meterIds].map(async (meterId) => {
    const own = settlements.filter(({ meter }) => meter.meterId === meterId);
    const answers = own.flatMap(({ fields }) => own.map(({ meter }) => acknowledgeable(fields, meter)));
    const furthest = answers.reduce(further, undefined);
    return furthest === undefined
      ? []
      : [bytesToHex(await ports.issuer.acknowledge({ meterId, ...furthest }))];
  });
  return (await Promise.all(acks)).flat();
}

function further(
  known: AcknowledgeableReceipt | undefined,
  answer: AcknowledgeableReceipt | undefined,
): AcknowledgeableReceipt | undefined {
  if (known === undefined || answer === undefined || known.keyEpoch !== answer.keyEpoch)
    return (answer?.keyEpoch ?? 0) > (known?.keyEpoch ?? 0) ? answer : known;
  return {
    keyEpoch: known.keyEpoch,
    receiptNo: Math.max(known.receiptNo, answer.receiptNo),
    floorSeq: Math.max(known.floorSeq, answer.floorSeq),
  };
}
