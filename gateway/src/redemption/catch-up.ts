import type { Ledger } from '../ledger/ledger.ts';
import type { Redemptions } from './redemptions.ts';

/** Looks up how a voucher ended that waits here, and whose end another gateway brought to the ledger. */
export type CatchUp = (voucherId: string) => Promise<void>;

export const createCatchUp =
  (ports: { readonly ledger: Pick<Ledger, 'evaluate'>; readonly redemptions: Redemptions }): CatchUp =>
  async (voucherId) => {
    const record = await ports.ledger.evaluate('CheckVoucher', { voucherId });
    if (record !== null) ports.redemptions.ended(record);
  };
