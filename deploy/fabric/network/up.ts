import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { NetworkContext } from './as-administrator.ts';
import { defineChaincode, installChaincode } from './deploy-chaincode.ts';
import { joinChannel } from './join-channel.ts';
import type { Layout } from './layout.ts';
import { makeNetwork, type NewNetwork } from './make-network.ts';
import { NetworkError } from './network-error.ts';
import { type NodeCommand, nodeCommands } from './node-commands.ts';
import type { OrganisationName } from './organisations.ts';
import { peerConfiguration } from './peer-configuration.ts';
import { readPlan } from './plan-file.ts';
import { areFree } from './ports.ts';
import { isRunning, readProcesses } from './process-table.ts';
import { startProcesses } from './processes.ts';
import type { Progress } from './progress.ts';
import { awaitAcquaintance, awaitChaincode, awaitLeader, awaitListening } from './readiness.ts';

export interface UpOptions extends NewNetwork {
  /** The script that serves the chaincode. */
  readonly chaincodeProgram: string;
  readonly progress: Progress;
}

/**
 * Has the network of a directory run, made if there is none: what runs stays, what does not is started with its data.
 * Throws `NetworkError`.
 */
export async function bringUp(options: UpOptions): Promise<void> {
  const { layout, programs, progress } = options;
  const plan =
    (await readPlan(layout.planFile())) ??
    (await progress('certificates, keys and the first block', () => makeNetwork(options)));
  const context: NetworkContext = { plan, layout, programs };
  const commands = nodeCommands(plan, {
    ...options,
    packageIds: await packageIds(context),
    peerConfiguration: await peerConfiguration(programs, layout),
  });
  await progress(`${commands.length} processes`, () => startAll(commands, layout));
  if (!existsSync(layout.foundedFile())) await found(context, progress);
  await progress('a leader, and peers that know one another', async () => {
    await Promise.all([awaitLeader(context), awaitAcquaintance(context)]);
  });
  await progress('an answer from the chaincode of every organisation', () => awaitChaincode(context));
}

/** Joins the channel and defines the chaincode. May be done twice. */
export async function found(context: NetworkContext, progress: Progress): Promise<void> {
  const { layout, plan } = context;
  await progress(`channel ${plan.channel}`, () => joinChannel(context));
  await progress(`chaincode ${plan.chaincode} installed`, () => installChaincode(context));
  await progress(`chaincode ${plan.chaincode} approved by all and committed`, async () => {
    await awaitLeader(context);
    await defineChaincode(plan.chaincode, context);
  });
  await writeFile(layout.foundedFile(), '');
}

async function startAll(commands: readonly NodeCommand[], layout: Layout): Promise<void> {
  const table = await readProcesses(layout.processesFile());
  for (const { name, address } of commands) {
    const known = table[name];
    const runs = known !== undefined && isRunning(known);
    if (runs || (await areFree(address.port, 1))) continue;
    throw new NetworkError(
      'unreachable',
      `Port ${address.port}, which ${name} needs, is in use by another program.`,
    );
  }
  await startProcesses(commands, layout);
  await awaitListening(commands, layout);
}

async function packageIds({ plan, layout }: NetworkContext): Promise<Record<OrganisationName, string>> {
  const ids = plan.peers.map(async ({ organisation }) => {
    return [organisation, await readFile(layout.packageId(organisation), 'utf8')] as const;
  });
  return Object.fromEntries(await Promise.all(ids)) as Record<OrganisationName, string>;
}
