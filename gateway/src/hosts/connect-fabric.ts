import { readFile } from 'node:fs/promises';
import type { FabricConfig, GatewayConfig } from '../config/gateway-config.ts';
import { systemClock, systemRandom } from '../edges/system.ts';
import {
  expiryOf,
  type FabricLedger,
  type FabricNetwork,
  type FabricParty,
  openAsParty,
  partyOf,
  readFabricNetwork,
} from '../ledger/fabric/index.ts';
import type { Logger } from '../observability/logger.ts';

export type FabricLog = Pick<Logger, 'info' | 'warn'>;

/** A connection to the network as the party of this configuration. */
export async function connectFabricLedger(config: GatewayConfig, log: FabricLog): Promise<FabricLedger> {
  const network = await readFabricNetwork(config.ledger.fabric.network);
  return connectAs(network, gatewayParty(network, config), log);
}

/** When the certificate ends that this configuration's party signs with, Unix s. */
export async function certificateExpiresAt(config: GatewayConfig): Promise<number> {
  const network = await readFabricNetwork(config.ledger.fabric.network);
  const { certificate } = gatewayParty(network, config);
  return Math.floor(expiryOf(await readFile(certificate)) / 1000);
}

/** The gateway as the network's description has it, with its own certificate and key where the configuration names them. */
export function gatewayParty(network: FabricNetwork, { gatewayId, ledger }: GatewayConfig): FabricParty {
  return { ...partyOf(network, gatewayId), ...ownFiles(ledger.fabric) };
}

/** Certificate and key, where both are named. */
const ownFiles = ({ certificate, key }: Pick<FabricConfig, 'certificate' | 'key'>) =>
  certificate === undefined || key === undefined ? {} : { certificate, key };

/** A connection to the network as one of its parties. */
export function connectAs(network: FabricNetwork, party: FabricParty, log: FabricLog): Promise<FabricLedger> {
  return openAsParty(network, party, {
    clock: systemClock,
    random: systemRandom,
    onReached: (peer) => log.info({ peer }, 'the Fabric peer is reached again'),
    onUnreached: (peer, err) => log.warn({ peer, err }, 'a Fabric peer was not reached'),
  });
}
