import { bytesToHex, hexToBytes, type ReceiptOutcome, TapwattError } from '@tapwatt/firmware-contracts';
import { acknowledgeable } from '../redemption/acknowledgement.ts';
import type { RequestOf } from './authenticate.ts';
import type { DeskPorts } from './ports.ts';

/** `receipts`: settles what a courier brought from taps; answers with acknowledgements to carry back. */
export async function answerReceipts(ports: DeskPorts, request: RequestOf<'receipts'>): Promise<void> {
  const { handsetId, requestId, payload } = request;
  const settled = await Promise.all(payload.receipts.map((receipt) => settleOne(ports, hexToBytes(receipt))));
  // The newest of each meter counts; a later receipt of the same meter overwrites the earlier one.
  const acks = new Map(
    settled.flatMap(({ meterId, ack }) => (ack === undefined ? [] : [[meterId, ack] as const])),
  );
  ports.outbox.answer(handsetId, {
    requestId,
    status: 'settled',
    acks: [...acks.values()],
    outcomes: settled.map(({ outcome }) => outcome),
  });
}

async function settleOne(
  ports: DeskPorts,
  frame: Uint8Array,
): Promise<{ outcome: ReceiptOutcome; meterId?: string; ack?: string }> {
  try {
    const { fields } = ports.issuer.readReceipt(frame);
    const { result } = await ports.redemptions.settle(frame);
    const { voucherId, meterId, outcome, code, meter } = result;
    const answer = meter === undefined ? undefined : acknowledgeable(fields, meter);
    return {
      outcome: { outcome, voucherId, meterId, ...(code === undefined ? {} : { code }) },
      meterId,
      ...(answer === undefined ? {} : { ack: bytesToHex(ports.issuer.acknowledge({ meterId, ...answer })) }),
    };
  } catch (error) {
    // A receipt that is not authentic, or that cannot be settled now, does not hold up the others.
    if (error instanceof TapwattError) return { outcome: { outcome: 'refused', code: error.code } };
    throw error;
  }
}
