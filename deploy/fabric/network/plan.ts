import { ORGANISATIONS, type OrganisationName } from './organisations.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface OrdererPlan {
  readonly name: string;
  readonly address: Address;
  /** Channels are joined here, with a client certificate. */
  readonly admin: Address;
  /** Health and metrics, plain HTTP. */
  readonly operations: Address;
}

export interface PeerPlan {
  readonly organisation: OrganisationName;
  readonly address: Address;
  readonly operations: Address;
  /** The chaincode process of this organisation. */
  readonly chaincode: Address;
}

/** Where everything of a network is reached; fixed once its material is made. */
export interface NetworkPlan {
  readonly channel: string;
  /** The name of the chaincode on the channel. */
  readonly chaincode: string;
  readonly orderers: readonly OrdererPlan[];
  readonly peers: readonly PeerPlan[];
  /** Raft's clock. An orderer that hears nothing for ten ticks asks for an election. */
  readonly raftTickMs: number;
}

const LOOPBACK = '127.0.0.1';
const PORTS_AN_ORDERER = 3;
const PORTS_A_PEER = 3;
/** On one machine nothing is slow: a leader is elected within half a second. */
const LOOPBACK_TICK_MS = 50;

export function portsNeeded(orderers: number): number {
  return orderers * PORTS_AN_ORDERER + ORGANISATIONS.length * PORTS_A_PEER;
}

/** A network whose processes all listen on this machine's loopback, on consecutive ports. */
export function loopbackPlan(firstPort: number, orderers: number): NetworkPlan {
  let next = firstPort;
  const address = (): Address => ({ host: LOOPBACK, port: next++ });
  return {
    channel: 'tapwatt',
    chaincode: 'tapwatt',
    raftTickMs: LOOPBACK_TICK_MS,
    orderers: Array.from({ length: orderers }, (_, n) => ({
      name: `orderer${n + 1}`,
      address: address(),
      admin: address(),
      operations: address(),
    })),
    peers: ORGANISATIONS.map(({ name }) => ({
      organisation: name,
      address: address(),
      operations: address(),
      chaincode: address(),
    })),
  };
}

export const hostPort = ({ host, port }: Address): string => `${host}:${port}`;
