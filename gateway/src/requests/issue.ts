import { bytesToHex, TapwattError } from '@tapwatt/firmware-contracts';
import type { RequestOf } from './authenticate.ts';
import type { DeskPorts } from './ports.ts';
import { sealOrEnd } from './seal-or-end.ts';
import { endOfVoucher } from './voucher-progress.ts';

/**
 * `issue`: commits the voucher, then seals it. Asked again, the ledger's memory of the request gives the same bytes.
 *
 * Throws the rules' refusal, OUTCOME_UNKNOWN or LEDGER_UNAVAILABLE (send the same request again).
 */
export async function answerIssue(ports: DeskPorts, request: RequestOf<'issue'>): Promise<void> {
  const startedMs = ports.clock.nowMs();
  const { handsetId, requestId, payload } = request;
  const { jws, payloadHash, agentId } = request;
  await refuseAmount(ports, request);
  const issued = await ports.issuance.add({ jws, meterId: payload.meterId, payloadHash }, agentId);
  if (!issued.ok) throw new TapwattError(issued.code, issued.message);
  const { voucherId, meterId, amount, repeated } = issued;
  ports.observer.issued({ voucherId, meterId, amount, startedMs, repeated });

  // Sealing needs the ledger anyway: one that is away now must not have a voucher presented that ended long ago.
  const record = repeated ? await ports.ledger.evaluate('CheckVoucher', { voucherId }) : null;
  const ended = record === null ? undefined : endOfVoucher(record, 'credit');
  if (ended !== undefined) return ports.outbox.answer(handsetId, { requestId, ...ended });

  const sealed = await sealOrEnd(ports, voucherId, 'credit');
  if ('end' in sealed) return ports.outbox.answer(handsetId, { requestId, ...sealed.end });
  const { frame } = sealed;
  ports.outbox.answer(handsetId, { requestId, status: 'issued', voucherId, voucher: bytesToHex(frame) });
  if (!payload.deliver) return;
  const watcher = { handsetId, requestId, asks: 'credit' } as const;
  ports.redemptions.deliver(meterId, { voucherId, purpose: 'credit', frame, watcher });
}

/** Noted, so that a late copy of the request is refused too once the policy has changed. */
async function refuseAmount(ports: DeskPorts, request: RequestOf<'issue'>): Promise<void> {
  const { handsetId, requestId, payload, payloadHashHex: payloadHash } = request;
  const amount = BigInt(payload.amount);
  const { minMinor, maxMinor } = ports.amounts;
  if (amount >= minMinor && amount <= maxMinor) return;
  // Asked anew: what was known of the request as it came in is nothing, too, where the ledger was away.
  if ((await ports.ledger.evaluate('GetRequest', { kid: handsetId, requestId })) !== null) return;
  const refused = 'AMOUNT_OUT_OF_RANGE';
  await ports.journal.record(handsetId, requestId, { payloadHash, op: 'issue', refused });
  throw new TapwattError(refused, `One voucher is worth ${minMinor} to ${maxMinor} minor units here.`);
}
