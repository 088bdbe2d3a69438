import { fileURLToPath } from 'node:url';
import type { Layout } from './layout.ts';
import { type OrganisationName, organisationOf } from './organisations.ts';
import { type Address, hostPort, type NetworkPlan, type OrdererPlan, type PeerPlan } from './plan.ts';
import type { Programs } from './programs.ts';

/** The folder of core.yaml and orderer.yaml, in which a peer finds its external builder. */
export const CONFIGURATION = fileURLToPath(new URL('..', import.meta.url));
/** Every call logged would cost more than the call. */
const QUIET = 'warn';

/** Peers of different organisations meet when one reaches the other. On one machine a try need not take long. */
const MEET_FAST = {
  CORE_PEER_GOSSIP_DIALTIMEOUT: '500ms',
  CORE_PEER_GOSSIP_RECONNECTINTERVAL: '250ms',
};

/** One process of the network. */
export interface NodeCommand {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** It is up when this takes connections. */
  readonly address: Address;
  /** Where it tells its health and figures, if it does. */
  readonly operations?: Address;
}

export interface NodeContext {
  readonly layout: Layout;
  readonly programs: Programs;
  /** The folder of the peers' core.yaml, where it is another than the orderers'. */
  readonly peerConfiguration?: string;
  /** The program that serves the chaincode: a script of Node. */
  readonly chaincodeProgram: string;
  /** What each organisation's peer calls its chaincode package: the process must say the same. */
  readonly packageIds: Readonly<Record<OrganisationName, string>>;
}

/** All processes of a network that runs on this machine. */
export function nodeCommands(plan: NetworkPlan, context: NodeContext): readonly NodeCommand[] {
  return [
    ...plan.orderers.map((orderer) => ordererCommand(orderer, context)),
    ...plan.peers.map((peer) => peerCommand(peer, context)),
    ...plan.peers.map((peer) => chaincodeCommand(peer, context)),
  ];
}

function ordererCommand(orderer: OrdererPlan, { layout, programs }: NodeContext): NodeCommand {
  const { name, address, admin, operations } = orderer;
  const tls = layout.ordererTls(name);
  const data = layout.data(name);
  return {
    ...{ name, program: programs.orderer, args: [], workingDirectory: CONFIGURATION, address, operations },
    environment: {
      FABRIC_CFG_PATH: CONFIGURATION,
      FABRIC_LOGGING_SPEC: QUIET,
      ORDERER_GENERAL_LISTENADDRESS: address.host,
      ORDERER_GENERAL_LISTENPORT: String(address.port),
      ORDERER_GENERAL_LOCALMSPDIR: `${layout.orderer(name)}/msp`,
      ORDERER_GENERAL_TLS_CERTIFICATE: tls.certificate,
      ORDERER_GENERAL_TLS_PRIVATEKEY: tls.key,
      ORDERER_GENERAL_TLS_ROOTCAS: `[${tls.ca}]`,
      ORDERER_GENERAL_CLUSTER_CLIENTCERTIFICATE: tls.certificate,
      ORDERER_GENERAL_CLUSTER_CLIENTPRIVATEKEY: tls.key,
      ORDERER_GENERAL_CLUSTER_ROOTCAS: `[${tls.ca}]`,
      ORDERER_FILELEDGER_LOCATION: `${data}/ledger`,
      ORDERER_CONSENSUS_WALDIR: `${data}/etcdraft/wal`,
      ORDERER_CONSENSUS_SNAPDIR: `${data}/etcdraft/snapshot`,
      ORDERER_ADMIN_LISTENADDRESS: hostPort(admin),
      ORDERER_ADMIN_TLS_CERTIFICATE: tls.certificate,
      ORDERER_ADMIN_TLS_PRIVATEKEY: tls.key,
      ORDERER_ADMIN_TLS_ROOTCAS: `[${tls.ca}]`,
      ORDERER_ADMIN_TLS_CLIENTROOTCAS: `[${tls.ca}]`,
      ORDERER_OPERATIONS_LISTENADDRESS: hostPort(operations),
    },
  };
}

function peerCommand({ organisation, address, operations }: PeerPlan, context: NodeContext): NodeCommand {
  const { layout, programs } = context;
  const { mspId, domain } = organisationOf(organisation);
  const name = `peer-${organisation}`;
  const tls = layout.peerTls(organisation);
  const data = layout.data(name);
  const own = hostPort(address);
  return {
    ...{ name, program: programs.peer, args: ['node', 'start'], workingDirectory: CONFIGURATION },
    ...{ address, operations },
    environment: {
      FABRIC_CFG_PATH: context.peerConfiguration ?? CONFIGURATION,
      FABRIC_LOGGING_SPEC: QUIET,
      CORE_PEER_ID: `peer.${domain}`,
      CORE_PEER_LOCALMSPID: mspId,
      CORE_PEER_MSPCONFIGPATH: `${layout.peer(organisation)}/msp`,
      CORE_PEER_ADDRESS: own,
      CORE_PEER_LISTENADDRESS: own,
      // Fabric always listens for chaincode that it started itself, of which we have none: any port, on loopback.
      CORE_PEER_CHAINCODELISTENADDRESS: '127.0.0.1:0',
      CORE_PEER_CHAINCODEADDRESS: own,
      CORE_PEER_GOSSIP_BOOTSTRAP: own,
      CORE_PEER_GOSSIP_ENDPOINT: own,
      CORE_PEER_GOSSIP_EXTERNALENDPOINT: own,
      ...MEET_FAST,
      CORE_PEER_TLS_CERT_FILE: tls.certificate,
      CORE_PEER_TLS_KEY_FILE: tls.key,
      CORE_PEER_TLS_ROOTCERT_FILE: layout.tlsRoots(),
      CORE_PEER_FILESYSTEMPATH: data,
      CORE_LEDGER_SNAPSHOTS_ROOTDIR: `${data}/snapshots`,
      CORE_OPERATIONS_LISTENADDRESS: hostPort(operations),
    },
  };
}

function chaincodeCommand(
  { organisation, chaincode }: PeerPlan,
  { layout, chaincodeProgram, packageIds }: NodeContext,
): NodeCommand {
  const tls = layout.chaincodeTls(organisation);
  return {
    name: `chaincode-${organisation}`,
    program: process.execPath,
    args: [chaincodeProgram],
    workingDirectory: layout.directory,
    address: chaincode,
    environment: {
      CHAINCODE_SERVER_ADDRESS: hostPort(chaincode),
      CHAINCODE_ID: packageIds[organisation],
      CHAINCODE_TLS_CERT_FILE: tls.certificate,
      CHAINCODE_TLS_KEY_FILE: tls.key,
      CHAINCODE_TLS_CLIENT_CA_FILE: layout.peerTls(organisation).ca,
    },
  };
}
