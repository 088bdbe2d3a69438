import type { GenesisRequest } from '@tapwatt/chaincode';
import { rawPublicKey } from '@tapwatt/firmware-contracts';
import type { GatewayKeys } from '../keys/gateway-keys.ts';

/** Those who are there when a ledger is founded: the utility, its bank, its agency, and the first gateway. */
export function firstParties(gatewayId: string, keys: GatewayKeys): GenesisRequest['parties'] {
  return [
    { id: 'discom', role: 'discom', publicKey: keys.roles.discom },
    { id: 'bank', role: 'bank', publicKey: keys.roles.bank },
    { id: 'agency', role: 'agency', publicKey: keys.roles.agency },
    { id: gatewayId, role: 'gateway', publicKey: rawPublicKey(keys.gateway) },
  ];
}
