import type { GenesisRequest } from '@tapwatt/chaincode';
import { TapwattError } from '@tapwatt/firmware-contracts';
import type { GatewayConfig } from '../config/gateway-config.ts';
import type { GatewayKeys } from '../keys/gateway-keys.ts';
import { type FabricNetwork, type FabricParty, partyOf } from '../ledger/fabric/index.ts';
import { connectAs, type FabricLog } from './connect-fabric.ts';
import { firstParties } from './first-parties.ts';

export interface FoundingParts {
  readonly network: FabricNetwork;
  readonly keys: GatewayKeys;
  /** Whose certificate founds it: the utility's. */
  readonly founder: FabricParty;
  readonly log: FabricLog;
}

/** Who is registered when the ledger begins: keys from the data directory, certificates from the network's description. */
export const foundersOf = (
  { gatewayId }: Pick<GatewayConfig, 'gatewayId'>,
  { network, keys }: Pick<FoundingParts, 'network' | 'keys'>,
): GenesisRequest['parties'] =>
  firstParties(gatewayId, keys).map((party) => {
    const { mspId, name } = partyOf(network, party.id);
    return { ...party, member: { mspId, name } };
  });

/**
 * Founds the ledger of a channel's chaincode. Answers whether it did: a ledger that has this id already stays as it is.
 * Throws CONFIG_INVALID for one of another id, FORBIDDEN for another founder than the utility, and what the ledger throws; may be
 * done again.
 */
export async function foundOnFabric(config: GatewayConfig, parts: FoundingParts): Promise<boolean> {
  const { network, founder, log } = parts;
  const { ledgerId } = config;
  const ledger = await connectAs(network, founder, log);
  try {
    const founded = await ledger.evaluate('GetLedger', {});
    if (founded?.ledgerId === ledgerId) return false;
    if (founded !== null) {
      const where = `${network.chaincode} on channel ${network.channel}`;
      throw new TapwattError(
        'CONFIG_INVALID',
        `ledgerId is ${ledgerId}, but ${where} is ${founded.ledgerId}.`,
      );
    }
    await ledger.submit('Genesis', { ledgerId, parties: foundersOf(config, parts) });
    return true;
  } finally {
    await ledger.close();
  }
}
