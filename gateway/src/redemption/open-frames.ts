import type { VoucherRecord } from '@tapwatt/chaincode';
import type { Issuer } from '../issuer/issuer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Purpose } from './types.ts';

export interface OpenFrame {
  readonly voucherId: string;
  readonly purpose: Purpose;
  readonly frame: Uint8Array;
}

/** What the ledger has open for one meter, sealed: its order first, then its vouchers and their void orders. */
export async function* openFrames(
  { ledger, issuer }: { readonly ledger: Pick<Ledger, 'evaluate'>; readonly issuer: Issuer },
  meterId: string,
): AsyncGenerator<OpenFrame> {
  const meter = await ledger.evaluate('GetMeter', { meterId });
  if (meter === null) return;
  if (meter.order !== undefined) {
    const frame = await issuer.sealOrder(meterId);
    yield { voucherId: meter.order.voucherId, purpose: 'order', frame };
  }
  if (meter.open.length === 0) return;
  for (const record of await ledger.evaluate('OpenVouchers', { meterId })) yield sealed(issuer, record);
}

async function sealed(issuer: Issuer, { voucherId, status }: VoucherRecord): Promise<OpenFrame> {
  const purpose: Purpose = status === 'ISSUED' ? 'credit' : 'void';
  const frame = purpose === 'credit' ? await issuer.sealVoucher(voucherId) : await issuer.sealVoid(voucherId);
  return { voucherId, purpose, frame };
}
