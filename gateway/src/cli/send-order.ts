import type { KeyObject } from 'node:crypto';
import type { TransactionName, TransactionRequest, TransactionResult } from '@tapwatt/chaincode';
import { signOrder } from '@tapwatt/firmware-contracts';
import type { RandomBytes } from '../keys/key-material.ts';

/** A committed order as the gateway answers it. */
export interface OrderOutcome<N extends TransactionName> {
  readonly requestId: string;
  readonly txId: string;
  readonly blockNumber: number;
  readonly result: TransactionResult<N>;
}

/** What a command tells of a committed order as data: its result, and by what to find it again. */
export const orderData = <N extends TransactionName>({ result, requestId, txId }: OrderOutcome<N>) => ({
  ...result,
  requestId,
  txId,
});

export interface OrderSigner {
  /** The party's id on the ledger. */
  readonly partyId: string;
  readonly privateKey: KeyObject;
}

/** A new requestId. It begins with its time, so that the same id always makes the same order. */
export function makeRequestId(nowMs: number, random: RandomBytes): string {
  return `${Math.floor(nowMs / 1_000)}-${Buffer.from(random(6)).toString('hex')}`;
}

/** The `at` of an order (Unix seconds, informative): taken from its requestId, or a repeat would be another request. */
function timeOfRequest(requestId: string): number {
  return Number(/^(\d{10})-/.exec(requestId)?.[1] ?? 0);
}

/** What a party signs: the transaction's request; of the end of an epoch, what the issuer adds its commitment to. */
export type OrderContent<N extends TransactionName> = N extends 'RotateMeterKey' | 'CloseMeter'
  ? { readonly meterId: string; readonly reason: string }
  : TransactionRequest<N>;

export interface OrderRequest<N extends TransactionName> {
  readonly ledgerId: string;
  readonly requestId: string;
  readonly name: N;
  readonly content: OrderContent<N>;
  readonly signer: OrderSigner;
}

/** The compact JWS of an administrative order; the same arguments give the same bytes. */
export function orderJws<N extends TransactionName>(order: OrderRequest<N>): string {
  const { requestId } = order;
  const payload = {
    aud: order.ledgerId,
    requestId,
    op: order.name,
    at: timeOfRequest(requestId),
    request: order.content,
  };
  return signOrder(payload, { kid: order.signer.partyId, privateKey: order.signer.privateKey });
}
