import { mkdir, readdir } from 'node:fs/promises';
import type { Layout } from './layout.ts';
import { makeMaterial } from './material.ts';
import { NetworkError } from './network-error.ts';
import { loopbackPlan, type NetworkPlan, portsNeeded } from './plan.ts';
import { areFree, findFreePorts } from './ports.ts';
import type { Programs } from './programs.ts';

export interface NewNetwork {
  readonly layout: Layout;
  readonly programs: Programs;
  /** Without it, any free ports. */
  readonly firstPort: number | undefined;
  readonly orderers: number;
}

/** Plans a network on this machine's loopback and makes its material. Throws `NetworkError`. */
export async function makeNetwork(network: NewNetwork): Promise<NetworkPlan> {
  const { layout, programs, orderers } = network;
  await requireOurs(layout);
  const plan = loopbackPlan(await choosePorts(network), orderers);
  await makeMaterial(plan, layout, programs);
  return plan;
}

async function choosePorts({ firstPort, orderers }: NewNetwork): Promise<number> {
  const count = portsNeeded(orderers);
  if (firstPort === undefined) return findFreePorts(count, process.pid);
  if (await areFree(firstPort, count)) return firstPort;
  throw new NetworkError(
    'unreachable',
    `Of the ports ${firstPort} to ${firstPort + count - 1} some are in use: name others with --first-port.`,
  );
}

/** Never writes into somebody else's folder; what an interrupted start left is ours. */
async function requireOurs(layout: Layout): Promise<void> {
  await mkdir(layout.directory, { recursive: true, mode: 0o700 });
  const others = (await readdir(layout.directory)).filter((name) => !layout.isOurs(name));
  if (others.length === 0) return;
  throw new NetworkError(
    'configuration',
    `${layout.directory} holds ${others.slice(0, 3).join(', ')}: name an empty folder with --directory.`,
  );
}
