import type { ErrorCode } from '@tapwatt/firmware-contracts';
import { Rejected } from '../rejected.ts';
import type { Settled } from './settle-proof.ts';
import { isRefusal, type ShownReceipt } from './shown-receipt.ts';

/** A refusal by the meter is an answer and changes nothing here; throws BAD_OPENING for an APPLIED or VOIDED that shows no opening. */
export function withoutProof(shown: ShownReceipt): Settled {
  const { result } = shown;
  if (!isRefusal(shown))
    throw new Rejected('BAD_OPENING', `A receipt that says ${result} must show an opening.`);
  return { outcome: 'nothing', code: result as Extract<typeof result, ErrorCode>, repeated: false };
}
