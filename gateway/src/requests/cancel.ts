import { TapwattError } from '@tapwatt/firmware-contracts';
import { submitSurely } from '../ledger/submit-surely.ts';
import type { RequestOf } from './authenticate.ts';
import type { DeskPorts } from './ports.ts';
import { sealOrEnd } from './seal-or-end.ts';

/** Before the outcome is left to the handset's next try. */
const MAX_ATTEMPTS = 6;

/**
 * `cancel`: commits the wish, then carries a void order to the meter, which decides by what it did first; or makes
 * sure that a request never seen can never be committed.
 */
export async function answerCancel(ports: DeskPorts, request: RequestOf<'cancel'>): Promise<void> {
  const { handsetId, requestId, jws } = request;
  const transaction = { name: 'RequestCancel', request: { jws } } as const;
  const committed = await submitSurely(ports.ledger, transaction, { ...ports, maxAttempts: MAX_ATTEMPTS });
  const { outcome, voucher, code, message } = committed.result;
  const about = voucher === undefined ? {} : { voucherId: voucher.voucherId };
  const answer = (status: 'abandoned' | 'redeemed' | 'voided') =>
    ports.outbox.answer(handsetId, {
      requestId,
      status,
      ...about,
      ...(voucher?.settledTxId === undefined ? {} : { txId: voucher.settledTxId }),
      ...(voucher?.receipt === undefined ? {} : { receipt: voucher.receipt }),
    });
  switch (outcome) {
    case 'abandoned':
    case 'redeemed':
    case 'voided':
      return answer(outcome);
    case 'released':
      return answer('voided');
    case 'refused':
      throw new TapwattError(code ?? 'VOUCHER_STATE', message);
    case 'cancelling':
      if (voucher === undefined)
        throw new TapwattError('INTERNAL', 'A cancel was committed without its voucher.');
      return carryVoid(ports, request, voucher);
    default:
      return outcome satisfies never;
  }
}

async function carryVoid(
  ports: DeskPorts,
  { handsetId, requestId }: RequestOf<'cancel'>,
  voucher: { readonly voucherId: string; readonly meterId: string },
): Promise<void> {
  const { voucherId, meterId } = voucher;
  const sealed = await sealOrEnd(ports, voucherId, 'void');
  if ('end' in sealed) return ports.outbox.answer(handsetId, { requestId, ...sealed.end });
  const { frame } = sealed;
  const watcher = { handsetId, requestId, asks: 'void' } as const;
  ports.redemptions.deliver(meterId, { voucherId, purpose: 'void', frame, watcher });
}
