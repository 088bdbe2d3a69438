import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NetworkError } from '../deploy/fabric/network/network-error.ts';
import { findPrograms } from '../deploy/fabric/network/programs.ts';

const SCRIPT = fileURLToPath(new URL('fabric.ts', import.meta.url));

/** Before the ring of Fabric: without the programs, or without a network that runs, nothing of it would be proved. */
export default function requireFabric(): void {
  const reason = whyNot();
  if (reason === undefined) return;
  console.error(`\n!!! NOT RUN: the fabric ring. ${reason}\n`);
  throw new Error(reason);
}

function whyNot(): string | undefined {
  try {
    findPrograms(process.env);
  } catch (error) {
    if (error instanceof NetworkError) return error.message;
    throw error;
  }
  if (process.env.FABRIC_NETWORK) return undefined;
  const { status } = spawnSync(process.execPath, [SCRIPT, 'status'], { stdio: 'ignore' });
  return status === 0 ? undefined : 'No network runs: npm run fabric:up starts one.';
}
