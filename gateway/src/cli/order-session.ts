import { join, resolve } from 'node:path';
import type { TransactionName } from '@tapwatt/chaincode';
import { ERRORS, isName, TapwattError } from '@tapwatt/firmware-contracts';
import type { GatewayIdentity } from '../http/services.ts';
import { loadSigningKey } from '../keys/gateway-keys.ts';
import type { GatewayClient } from './gateway-client.ts';
import {
  makeRequestId,
  type OrderContent,
  type OrderOutcome,
  type OrderSigner,
  orderJws,
} from './send-order.ts';
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
  /** What an order makes up by itself is made from this, or a repeat with `--request-id` would be another order. */
  readonly requestId: string;
  /** Signs and sends the one order of this session; the same content under the same requestId is the same order for ever. */
  order<N extends TransactionName>(name: N, content: OrderContent<N>): Promise<OrderOutcome<N>>;
}

export async function openOrderSession(session: Session, options: OrderOptions): Promise<OrderSession> {
  const { edges, out } = session;
  const requestId = options.requestId ?? makeRequestId(edges.nowMs(), edges.random);
  if (!isName(requestId)) throw new TapwattError('BAD_REQUEST', '--request-id: 1 to 64 of A-Z a-z 0-9 _ -');
  const signer = await signerOf(session, options);
  const client = await connectGateway(edges, options);
  const { gateway } = await client.get<{ gateway: GatewayIdentity }>('/api/v1/status');
  return {
    client,
    requestId,
    async order(name, content) {
      out.note(`request ${requestId}, signed as ${signer.partyId}`);
      const jws = orderJws({ ledgerId: gateway.ledgerId, requestId, name, content, signer });
      const committed = await client
        .post<Omit<OrderOutcome<typeof name>, 'requestId'>>('/api/v1/orders', { jws })
        .catch((error: unknown) => {
          throw withRepeat(error, requestId);
        });
      return { requestId, ...committed };
    },
  };
}

/** Whoever does not know what came of an order learns how to repeat that very order. */
function withRepeat(error: unknown, requestId: string): unknown {
  if (!(error instanceof TapwattError) || ERRORS[error.code].retry !== 'same') return error;
  const remedy = `To be sure, repeat it with --request-id ${requestId}: it is done once. ${error.remedy}`;
  return new TapwattError(error.code, error.message, { cause: error, remedy });
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
