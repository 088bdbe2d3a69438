import { Client, credentials } from '@grpc/grpc-js';
import { connect, hash } from '@hyperledger/fabric-gateway';
import type { Clock } from '../../edges/edges.ts';
import type { FabricLimits } from './limits.ts';
import type { Peer } from './peers.ts';
import type { SignMessage } from './signing.ts';

/** Bytes of one message: the peer's own default. */
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;
const KEEPALIVE_MS = 60_000;

/** Where a peer is, and how its certificate is told. */
export interface PeerEndpoint {
  /** `host:port`. */
  readonly address: string;
  /** Of the authority that signed its TLS certificate, PEM. */
  readonly tlsCa: Uint8Array;
  /** The name in its TLS certificate, where it is another than the host's. */
  readonly tlsName?: string | undefined;
}

export interface PeerIdentity {
  readonly mspId: string;
  /** PEM. */
  readonly certificate: Uint8Array;
  readonly sign: SignMessage;
}

/** Opens a connection to a peer's gateway service; it connects at the first call, and again by itself. */
export function connectPeer(
  endpoint: PeerEndpoint,
  identity: PeerIdentity,
  { clock, limits }: { readonly clock: Clock; readonly limits: FabricLimits },
): Peer {
  const within = (ms: number) => () => ({ deadline: clock.nowMs() + ms });
  const client = new Client(endpoint.address, credentials.createSsl(Buffer.from(endpoint.tlsCa)), {
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    ...(endpoint.tlsName === undefined ? {} : { 'grpc.ssl_target_name_override': endpoint.tlsName }),
  });
  const gateway = connect({
    client,
    identity: { mspId: identity.mspId, credentials: identity.certificate },
    signer: identity.sign,
    // The signer hashes by itself.
    hash: hash.none,
    evaluateOptions: within(limits.evaluateMs),
    endorseOptions: within(limits.endorseMs),
    submitOptions: within(limits.submitMs),
    commitStatusOptions: within(limits.commitMs),
  });
  return {
    address: endpoint.address,
    gateway,
    close() {
      gateway.close();
      client.close();
    },
  };
}
