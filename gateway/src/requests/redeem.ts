import { endsEpoch, hexToBytes, TapwattError } from '@tapwatt/firmware-contracts';
import type { RequestOf } from './authenticate.ts';
import type { DeskPorts } from './ports.ts';
import { endOfVoucher } from './voucher-progress.ts';

/**
 * `redeem`: presents a sealed voucher to its meter. A sealed voucher proves that it was paid for, so this goes on
 * while the ledger is away, and for a voucher that a restored ledger has forgotten; one that the ledger says it never sold
 * is taken to it besides, as evidence of another copy.
 *
 * Throws BAD_FORMAT, BAD_MAC; BAD_REQUEST for an order that ends an epoch.
 */
export async function answerRedeem(ports: DeskPorts, request: RequestOf<'redeem'>): Promise<void> {
  const { handsetId, requestId, payload, onLedger } = request;
  const frame = hexToBytes(payload.voucher);
  const voucher = await ports.issuer.readVoucher(frame);
  const { voucherId, meterId, isUnchecked = false } = voucher;
  if (endsEpoch(voucher.kind))
    throw new TapwattError('BAD_REQUEST', 'voucher: is an order; the gateway carries it by itself.');
  const record = onLedger.voucher;
  const ended = endOfVoucher(record, 'credit');
  if (ended !== undefined) return ports.outbox.answer(handsetId, { requestId, ...ended });
  if (record === null) ports.unknownVouchers.shown(voucher, frame);
  const watcher = { handsetId, requestId, asks: 'credit' } as const;
  ports.redemptions.deliver(String(meterId), { voucherId, purpose: 'credit', frame, isUnchecked, watcher });
}
