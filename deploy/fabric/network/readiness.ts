import { messageOf } from '@tapwatt/firmware-contracts';
import type { NetworkContext } from './as-administrator.ts';
import { queryChaincode } from './deploy-chaincode.ts';
import type { Layout } from './layout.ts';
import { NetworkError } from './network-error.ts';
import type { NodeCommand } from './node-commands.ts';
import { isListening, metricsOf } from './observe.ts';
import { hostPort, type NetworkPlan } from './plan.ts';
import { isRunning, readProcesses } from './process-table.ts';
import { until } from './until.ts';

const DEADLINE_MS = 60_000;

/** Waits until every process takes connections; throws at once when one has ended, with where to look. */
export async function awaitListening(commands: readonly NodeCommand[], layout: Layout): Promise<void> {
  const table = await readProcesses(layout.processesFile());
  for (const { name, address } of commands) {
    const known = table[name];
    const hasEnded = () => known === undefined || !isRunning(known);
    const listens = await until(async () => hasEnded() || (await isListening(address)), DEADLINE_MS);
    if (hasEnded()) throw new NetworkError('failed', `${name} has ended; its log is ${layout.log(name)}.`);
    if (!listens)
      throw new NetworkError('unreachable', `${name} does not listen; its log is ${layout.log(name)}.`);
  }
}

/** The same of nodes that others start: a node that has not come yet may still come. */
export async function awaitNodes(plan: NetworkPlan): Promise<void> {
  for (const { address } of [...plan.orderers, ...plan.peers]) {
    const listens = await until(() => isListening(address), DEADLINE_MS);
    if (!listens) throw new NetworkError('unreachable', `Nothing listens on ${hostPort(address)}.`);
  }
}

/** Waits until the channel has a leader: before, an orderer refuses what it is given. */
export async function awaitLeader({ plan }: NetworkContext): Promise<void> {
  const leads = `consensus_etcdraft_is_leader{channel="${plan.channel}"}`;
  await awaitThat('an orderer leads', async () => {
    const figures = await Promise.all(plan.orderers.map(({ operations }) => metricsOf(operations)));
    return figures.some((metrics) => metrics.get(leads) === 1);
  });
}

/** Waits until every peer knows those of the other organisations, without which it finds no two to endorse. */
export async function awaitAcquaintance({ plan }: NetworkContext): Promise<void> {
  const known = `gossip_membership_total_peers_known{channel="${plan.channel}"}`;
  await awaitThat('the peers know one another', async () => {
    const figures = await Promise.all(plan.peers.map(({ operations }) => metricsOf(operations)));
    return figures.every((metrics) => (metrics.get(known) ?? 0) >= plan.peers.length - 1);
  });
}

/** Waits until the chaincode of every organisation answers through its peer. */
export async function awaitChaincode(context: NetworkContext): Promise<void> {
  await Promise.all(
    context.plan.peers.map(async ({ organisation }) => {
      let reason = '';
      const answers = await until(
        () =>
          queryChaincode(organisation, context).then(
            () => true,
            (error: unknown) => {
              reason = messageOf(error);
              return false;
            },
          ),
        DEADLINE_MS,
      );
      if (!answers)
        throw new NetworkError('unreachable', `The chaincode of ${organisation} does not answer: ${reason}`);
    }),
  );
}

async function awaitThat(what: string, holds: () => Promise<boolean>): Promise<void> {
  if (await until(holds, DEADLINE_MS)) return;
  throw new NetworkError('unreachable', `Waited ${DEADLINE_MS / 1000} s, but not: ${what}.`);
}
