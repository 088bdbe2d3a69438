import type { Layout } from './layout.ts';
import { isListening, metricsOf } from './observe.ts';
import { type Address, hostPort, type NetworkPlan } from './plan.ts';
import { readPlan } from './plan-file.ts';
import { isRunning, type ProcessTable, readProcesses } from './process-table.ts';

export interface NodeStatus {
  readonly name: string;
  readonly address: string;
  /** Absent when it does not run. */
  readonly pid?: number;
  readonly listening: boolean;
  /** Blocks of the channel that it has. */
  readonly blocks?: number;
  readonly isLeader?: boolean;
}

export interface NetworkStatus {
  /** `absent`: nothing was made here. `partial`: some processes run. */
  readonly state: 'absent' | 'stopped' | 'partial' | 'running';
  readonly network?: string;
  readonly nodes: readonly NodeStatus[];
}

export async function statusOf(layout: Layout): Promise<NetworkStatus> {
  const plan = await readPlan(layout.planFile());
  if (plan === undefined) return { state: 'absent', nodes: [] };
  const table = await readProcesses(layout.processesFile());
  const nodes = await Promise.all(nodesOf(plan).map((node) => nodeStatus(node, { plan, table })));
  const up = nodes.filter(({ listening, pid }) => listening && pid !== undefined).length;
  const state = up === 0 ? 'stopped' : up === nodes.length ? 'running' : 'partial';
  return { state, network: layout.networkFile(), nodes };
}

interface Node {
  readonly name: string;
  readonly address: Address;
  readonly operations?: Address;
}

const nodesOf = (plan: NetworkPlan): readonly Node[] => [
  ...plan.orderers,
  ...plan.peers.map((peer) => ({ ...peer, name: `peer-${peer.organisation}` })),
  ...plan.peers.map(({ organisation, chaincode }) => ({
    name: `chaincode-${organisation}`,
    address: chaincode,
  })),
];

async function nodeStatus(
  { name, address, operations }: Node,
  { plan, table }: { readonly plan: NetworkPlan; readonly table: ProcessTable },
): Promise<NodeStatus> {
  const known = table[name];
  const runs = known !== undefined && isRunning(known);
  const metrics = runs && operations !== undefined ? await metricsOf(operations) : new Map<string, number>();
  const channel = `{channel="${plan.channel}"}`;
  const committed = metrics.get(`consensus_etcdraft_committed_block_number${channel}`);
  const blocks =
    metrics.get(`ledger_blockchain_height${channel}`) ??
    (committed === undefined ? undefined : committed + 1);
  const leads = metrics.get(`consensus_etcdraft_is_leader${channel}`);
  return {
    ...{ name, address: hostPort(address) },
    ...(runs ? { pid: known.pid } : {}),
    listening: runs && (await isListening(address)),
    ...(blocks === undefined ? {} : { blocks }),
    ...(leads === undefined ? {} : { isLeader: leads === 1 }),
  };
}
