import { join, resolve } from 'node:path';
import type { TransactionName, TransactionRequest } from '@tapwatt/chaincode';
import { isName, TapwattError } from '@tapwatt/firmware-contracts';
import type { GatewayIdentity } from '../http/services.ts';
import { loadSigningKey } from '../keys/gateway-keys.ts';
import type { GatewayClient } from './gateway-client.ts';
import { makeRequestId, type OrderOutcome, type OrderSigner, orderJws } from './send-order.ts';
import { connectGateway, type GatewayOptions, readConfig, type Session } from './session.ts';

/** Options of commands that order something of the ledger. */
export interface OrderOptions extends GatewayOptions {
  /** The party that signs: discom, bank, agency. */
  readonly as: string;
  readonly keyFile?: string;
  readonly requestId?: string;
}

/** A connection to a gateway, and a party's key to sign orders with. */
export interface OrderSession {
  readonly client: GatewayClient;
  /** Signs and sends an order; the same request under the same `--request-id` is the same order for ever. */
  order<N extends TransactionName>(name: N, request: TransactionRequest<N>): Promise<OrderOutcome<N>>;
}

export async function openOrderSession(session: Session, options: OrderOptions): Promise<OrderSession> {
  const { edges, out } = session;
  const signer = await signerOf(session, options);
  const client = await connectGateway(edges, options);
  const { gateway } = await client.get<{ gateway: GatewayIdentity }>('/api/v1/status');
  return {
    client,
    async order(name, request) {
      const requestId = options.requestId ?? makeRequestId(edges.nowMs(), edges.random);
      if (!isName(requestId))
        throw new TapwattError('BAD_REQUEST', '--request-id: 1 to 64 of A-Z a-z 0-9 _ -');
      out.note(`request ${requestId}, signed as ${signer.partyId}`);
      const jws = orderJws({ ledgerId: gateway.ledgerId, requestId, name, request, signer });
      const committed = await client.post<Omit<OrderOutcome<typeof name>, 'requestId'>>('/api/v1/orders', {
        jws,
      });
      return { requestId, ...committed };
    },
  };
}

async function signerOf({ edges }: Session, options: OrderOptions): Promise<OrderSigner> {
  if (!isName(options.as)) throw new TapwattError('BAD_REQUEST', '--as: the id of a party, such as discom');
  const { config } = await readConfig(edges, options);
  const path =
    options.keyFile === undefined
      ? join(config.dataDirectory, 'keys', `${options.as}.key`)
      : resolve(edges.cwd, options.keyFile);
  return { partyId: options.as, privateKey: await loadSigningKey(path, config.profile) };
}
