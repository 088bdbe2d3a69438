import type { FabricLedger } from './fabric-ledger.ts';
import { endpointsOf, type FabricNetwork, type FabricParty, identityOfParty } from './network-file.ts';
import { type FabricOptions, openFabricLedger } from './open.ts';

/** What a network's description does not say of a connection. */
export type PartyOptions = Omit<FabricOptions, 'peers' | 'channel' | 'chaincode' | 'identity'>;

/** A connection to a described network as one of its parties. Throws KEY_FILE, CONFIG_INVALID. */
export async function openAsParty(
  network: FabricNetwork,
  party: FabricParty,
  options: PartyOptions,
): Promise<FabricLedger> {
  const { channel, chaincode } = network;
  return openFabricLedger({
    ...{ ...options, channel, chaincode },
    peers: await endpointsOf(network, party.mspId),
    identity: await identityOfParty(party),
  });
}
