import { X509Certificate } from 'node:crypto';
import type { Clock, Random } from '../../edges/edges.ts';
import { FabricChannel } from './channel.ts';
import { connectPeer, type PeerEndpoint, type PeerIdentity } from './connect-peer.ts';
import { FabricLedger } from './fabric-ledger.ts';
import { FABRIC_LIMITS, type FabricLimits } from './limits.ts';
import { Peers } from './peers.ts';

export interface FabricOptions {
  /** In the order in which they are asked. */
  readonly peers: readonly PeerEndpoint[];
  readonly channel: string;
  readonly chaincode: string;
  readonly identity: PeerIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits?: Partial<FabricLimits>;
  readonly onReached?: (address: string) => void;
  readonly onUnreached?: (address: string, error: unknown) => void;
}

/** Connects to a Fabric network as one party; the connections open at the first call. */
export function openFabricLedger(options: FabricOptions): FabricLedger {
  const limits = { ...FABRIC_LIMITS, ...options.limits };
  const { clock, random, channel, chaincode, identity } = options;
  const peers = new Peers(
    options.peers.map((endpoint) => connectPeer(endpoint, identity, { clock, limits })),
    {
      clock,
      restMs: limits.peerRestMs,
      onReached: options.onReached ?? (() => undefined),
      onUnreached: options.onUnreached ?? (() => undefined),
    },
  );
  const { catchUpMs } = limits;
  const channelParts = { peers, channel, chaincode, clock, catchUpMs };
  return new FabricLedger({ channel: new FabricChannel(channelParts), clock, random, limits });
}

/** When the certificate that a party signs with ends, Unix ms. */
export const expiryOf = (certificate: Uint8Array): number =>
  new X509Certificate(certificate).validToDate.getTime();
