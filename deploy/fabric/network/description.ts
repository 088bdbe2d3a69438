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
    readonly tlsCaFile: string;
    /** A name that the peer's TLS certificate holds for, where the host is another. */
    readonly tlsName: string;
  }[];
  /** By party. */
  readonly identities: Readonly<
    Record<
      string,
      {
        readonly role: Party['role'];
        readonly mspId: string;
        /** The common name of the certificate; with the MSP it is what the ledger registers the party by. */
        readonly name: string;
        readonly certificateFile: string;
        readonly keyFile: string;
      }
    >
  >;
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
      tlsCaFile: path(layout.peerTls(organisation).ca),
      tlsName: `peer.${organisationOf(organisation).domain}`,
    })),
    identities: Object.fromEntries(
      PARTIES.map((party) => {
        const { mspId, domain } = organisationOf(party.organisation);
        const { certificate, key } = layout.identity(party);
        const name = `User${party.user}@${domain}`;
        const files = { certificateFile: path(certificate), keyFile: path(key) };
        return [party.id, { role: party.role, mspId, name, ...files }];
      }),
    ),
  };
}
