import { ORDERER_ORGANISATION, ORGANISATIONS } from './organisations.ts';
import type { NetworkPlan } from './plan.ts';

/** Every certificate holds for the host of its node, and for this machine. */
const hosts = (host: string): string[] => [...new Set([host, 'localhost', '127.0.0.1'])];

/** What `cryptogen` is to make. */
export function cryptoConfig(plan: NetworkPlan): unknown {
  return {
    OrdererOrgs: [
      {
        Name: 'Orderer',
        Domain: ORDERER_ORGANISATION.domain,
        EnableNodeOUs: true,
        Specs: plan.orderers.map(({ name, address }) => ({ Hostname: name, SANS: hosts(address.host) })),
      },
    ],
    PeerOrgs: ORGANISATIONS.map(({ name, domain, users }) => {
      const own = plan.peers.filter(({ organisation }) => organisation === name);
      return {
        Name: name,
        Domain: domain,
        EnableNodeOUs: true,
        Specs: own.flatMap(({ address, chaincode }) => [
          { Hostname: 'peer', SANS: hosts(address.host) },
          { Hostname: 'chaincode', SANS: hosts(chaincode.host) },
        ]),
        Users: { Count: users },
      };
    }),
  };
}
