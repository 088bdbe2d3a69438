import type { CancelResult, PartyRecord } from '@tapwatt/chaincode';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { GatewayClient } from './gateway-client.ts';
import { type OrderOptions, openOrderSession } from './order-session.ts';
import { orderData } from './send-order.ts';
import type { Session } from './session.ts';
import { money } from './text.ts';

/** Options of orders that the ledger keeps a reason of. */
export interface ReasonOptions extends OrderOptions {
  readonly reason: string;
}

export type Suspendable = 'meter' | 'handset' | 'agent' | 'agency' | 'gateway';

/** `meter|handset|agent|agency|gateway suspend|lift`. */
export async function setSuspended(
  session: Session,
  { what, id, suspended }: { readonly what: Suspendable; readonly id: string; readonly suspended: boolean },
  options: ReasonOptions,
): Promise<void> {
  const orders = await openOrderSession(session, options);
  if (what !== 'meter') await requireRole(orders.client, id, what);
  const { reason } = options;
  const named = what === 'meter' ? { meterId: id } : { id };
  const done = await orders.order('Suspend', { ...named, suspended, reason });
  session.out.data(
    { ...named, ...orderData(done) },
    suspended ? `The ${what} ${id} is suspended.` : `The suspension of ${what} ${id} is lifted.`,
  );
}

/** An id of another role would be suspended as readily. */
async function requireRole(client: GatewayClient, id: string, role: string): Promise<void> {
  const party = await client.get<PartyRecord>(`/api/v1/parties/${encodeURIComponent(id)}`);
  if (party.role === role) return;
  throw new TapwattError('PARTY_UNKNOWN', `No ${role} ${id} is registered: ${id} is of role ${party.role}.`);
}

/** `meter renew-key|close`: done once the meter has taken the order, which the gateway shows it. */
export async function endEpoch(
  session: Session,
  { name, meterId }: { readonly name: 'RotateMeterKey' | 'CloseMeter'; readonly meterId: string },
  options: ReasonOptions,
): Promise<void> {
  const orders = await openOrderSession(session, options);
  const done = await orders.order(name, { meterId, reason: options.reason });
  const what = name === 'CloseMeter' ? 'The close' : 'A new key';
  session.out.data(
    orderData(done),
    `${what} is ordered of meter ${meterId} as ${done.result.voucherId}; nothing is issued for it from now on.`,
  );
  session.out.note(`It is done when the meter has taken it: tapwatt meter show ${meterId}`);
}

/** `voucher cancel`; exit 5 where the meter had credited it before. */
export async function cancelVoucher(
  session: Session,
  voucherId: string,
  options: ReasonOptions,
): Promise<ExitCode> {
  const orders = await openOrderSession(session, options);
  const done = await orders.order('RequestCancel', { voucherId, reason: options.reason });
  const { outcome } = done.result;
  session.out.data(orderData(done), `Voucher ${voucherId} ${CANCELLED[outcome]}`);
  return outcome === 'redeemed' ? EXIT.refused : EXIT.ok;
}

const CANCELLED: Readonly<Record<CancelResult['outcome'], string>> = {
  cancelling: 'is being cancelled; its money comes back when the meter has voided it.',
  voided: 'was voided by its meter; its money is back.',
  released: 'was released; its money is back.',
  redeemed: 'was credited by its meter: it cannot be cancelled.',
  abandoned: 'was never issued.',
  refused: 'was not cancelled.',
};

/** `voucher release`: one of the two statements that give back a voucher's money without its meter's proof. */
export async function releaseVoucher(
  session: Session,
  voucherId: string,
  options: ReasonOptions,
): Promise<void> {
  const orders = await openOrderSession(session, options);
  const done = await orders.order('ReleaseUnproven', { voucherId, reason: options.reason });
  session.out.data(
    orderData(done),
    done.result.state === 'released'
      ? `Voucher ${voucherId} is released; its money is back in its wallet.`
      : `The release of voucher ${voucherId} is proposed; another party states the same with --as.`,
  );
}

/** `wallet freeze|thaw`. */
export async function setFrozen(
  session: Session,
  { walletId, frozen }: { readonly walletId: string; readonly frozen: boolean },
  options: OrderOptions,
): Promise<void> {
  const orders = await openOrderSession(session, options);
  const done = await orders.order('FreezeWallet', { walletId, frozen });
  session.out.data(
    orderData(done),
    frozen ? `Wallet ${walletId} is frozen.` : `Wallet ${walletId} spends again.`,
  );
}

/** `wallet close`. */
export async function closeWallet(session: Session, walletId: string, options: OrderOptions): Promise<void> {
  const orders = await openOrderSession(session, options);
  const done = await orders.order('CloseWallet', { walletId });
  session.out.data(
    orderData(done),
    `Wallet ${walletId} is closed; ${money(done.result.withdrawn)} go back to its agent’s bank account.`,
  );
}
