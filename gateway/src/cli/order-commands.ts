import type { WalletSummary } from '@tapwatt/chaincode';
import { publicKeyFromRaw, TapwattError } from '@tapwatt/firmware-contracts';
import type { MeterProvisioning } from '../http/services.ts';
import { type OrderOptions, openOrderSession } from './order-session.ts';
import { orderData } from './send-order.ts';
import type { Session } from './session.ts';
import { money, pairs } from './text.ts';

export async function addAgency(
  session: Session,
  options: OrderOptions & { id: string; name?: string; publicKey: string },
): Promise<void> {
  publicKeyFromRaw(options.publicKey);
  const orders = await openOrderSession(session, options);
  const { id, publicKey } = options;
  const done = await orders.order('RegisterAgency', { id, name: options.name ?? id, publicKey });
  session.out.data({ id, requestId: done.requestId, txId: done.txId }, `Agency ${id} is registered.`);
}

export async function addAgent(
  session: Session,
  options: OrderOptions & { id: string; agency: string; name?: string },
): Promise<void> {
  const orders = await openOrderSession(session, options);
  const name = options.name === undefined ? {} : { name: options.name };
  const done = await orders.order('RegisterAgent', { id: options.id, agencyId: options.agency, ...name });
  const value = { id: options.id, agencyId: options.agency, requestId: done.requestId, txId: done.txId };
  session.out.data(value, `Agent ${options.id} of agency ${options.agency} is registered.`);
}

export async function openWallet(
  session: Session,
  options: OrderOptions & { id: string; agent: string },
): Promise<void> {
  const orders = await openOrderSession(session, options);
  const { id: walletId, agent: agentId } = options;
  const done = await orders.order('OpenWallet', { walletId, agentId });
  session.out.data(
    { walletId, agentId, requestId: done.requestId, txId: done.txId },
    `Wallet ${walletId} is open.`,
  );
}

export async function proposeDeposit(
  session: Session,
  options: OrderOptions & { wallet: string; amount: string; id?: string },
): Promise<void> {
  if (!/^[1-9]\d{0,15}$/.test(options.amount)) {
    throw new TapwattError(
      'BAD_REQUEST',
      '--amount: a whole number of minor units, such as 50000 for 500.00',
    );
  }
  const { out } = session;
  const orders = await openOrderSession(session, options);
  const depositId = options.id ?? `D${orders.requestId}`;
  out.note(`deposit ${depositId}`);
  const done = await orders.order('ProposeDeposit', {
    depositId,
    walletId: options.wallet,
    amount: options.amount,
  });
  const value = {
    depositId,
    walletId: options.wallet,
    amount: options.amount,
    requestId: done.requestId,
    txId: done.txId,
  };
  const next = `The bank confirms it: tapwatt deposit confirm --id ${depositId} --utr REFERENCE`;
  out.data(value, `Deposit ${depositId} of ${money(options.amount)} into ${options.wallet} is proposed.`);
  out.note(next);
}

export async function confirmDeposit(
  session: Session,
  options: OrderOptions & { id: string; utr: string },
): Promise<void> {
  const orders = await openOrderSession(session, options);
  const done = await orders.order('ConfirmDeposit', { depositId: options.id, utr: options.utr });
  const { walletId, amount, balance } = done.result;
  session.out.data(
    orderData(done),
    `Deposit ${options.id} of ${money(amount)} is confirmed; wallet ${walletId} holds ${money(balance)}.`,
  );
}

export async function addHandset(
  session: Session,
  options: OrderOptions & { id: string; wallet: string; publicKey: string },
): Promise<void> {
  publicKeyFromRaw(options.publicKey);
  const orders = await openOrderSession(session, options);
  const { agentId } = await orders.client.get<WalletSummary>(
    `/api/v1/wallets/${encodeURIComponent(options.wallet)}`,
  );
  const done = await orders.order('RegisterHandset', {
    id: options.id,
    agentId,
    publicKey: options.publicKey,
  });
  const access = await orders.client.get<HandsetAccess>(`/api/v1/handsets/${options.id}`);
  const { identity, password } = access;
  session.out.data(
    {
      id: options.id,
      agentId,
      walletId: options.wallet,
      identity,
      password,
      requestId: done.requestId,
      txId: done.txId,
    },
    pairs([
      ['handset', options.id],
      ['agent', agentId],
      ['MQTT name', identity],
      ['MQTT password', password],
    ]),
  );
}

export interface HandsetAccess {
  readonly id: string;
  readonly agentId?: string;
  readonly identity: string;
  readonly password: string;
}

export async function addMeter(
  session: Session,
  options: OrderOptions & { id: string; keyEpoch?: number; openLimit?: number },
): Promise<void> {
  const orders = await openOrderSession(session, options);
  const { keyEpoch, openLimit } = options;
  const done = await orders.order('RegisterMeter', {
    meterId: options.id,
    ...(keyEpoch === undefined ? {} : { keyEpoch }),
    ...(openLimit === undefined ? {} : { openLimit }),
  });
  const secrets = await orders.client.get<MeterProvisioning>(`/api/v1/meters/${options.id}/provisioning`);
  session.out.data({ ...secrets, requestId: done.requestId, txId: done.txId }, provisioningText(secrets));
  session.out.note('The root key belongs into the meter and nowhere else.');
}

export function provisioningText(secrets: MeterProvisioning): string {
  return pairs([
    ['meter', secrets.meterId],
    ['key epoch', String(secrets.keyEpoch)],
    ['root key', secrets.rootKey],
    ['MQTT name', secrets.identity],
    ['MQTT password', secrets.password],
  ]);
}
