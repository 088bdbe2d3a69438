import { relative } from 'node:path';
import type { Layout } from './layout.ts';
import { type OrganisationName, organisationOf, PARTIES, type Party } from './organisations.ts';
import { hostPort, type NetworkPlan } from './plan.ts';

/** `network.json`: all that a client needs. Paths are relative to the file. */
export interface NetworkDescription {
  readonly channel: string;
  readonly chaincode: string;
  readonly peers: readonly {
    readonly organisation: OrganisationName;
    readonly mspId: string;
    /** `host:port`. */
    readonly address: string;
    /** File of the authority that signed its TLS certificate. */
    readonly tlsCa: string;
    /** A name that the peer's TLS certificate holds for, where the host is another. */
    readonly tlsName: string;
  }[];
  readonly parties: readonly {
    readonly id: string;
    readonly role: Party['role'];
    readonly mspId: string;
    /** The common name of the certificate; with the MSP it is what the ledger registers the party by. */
    readonly name: string;
    readonly certificate: string;
    readonly key: string;
  }[];
}

export function describeNetwork(plan: NetworkPlan, layout: Layout): NetworkDescription {
  const path = (file: string) => relative(layout.directory, file);
  return {
    channel: plan.channel,
    chaincode: plan.chaincode,
    peers: plan.peers.map(({ organisation, address }) => ({
      organisation,
      mspId: organisationOf(organisation).mspId,
      address: hostPort(address),
      tlsCa: path(layout.peerTls(organisation).ca),
      tlsName: `peer.${organisationOf(organisation).domain}`,
    })),
    parties: PARTIES.map((party) => {
      const { mspId, domain } = organisationOf(party.organisation);
      const { certificate, key } = layout.identity(party);
      return {
        ...{ id: party.id, role: party.role, mspId, name: `User${party.user}@${domain}` },
        ...{ certificate: path(certificate), key: path(key) },
      };
    }),
  };
}
