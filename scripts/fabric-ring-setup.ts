import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NetworkError } from '../deploy/fabric/network/network-error.ts';
import { findPrograms } from '../deploy/fabric/network/programs.ts';

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Before the ring of Fabric: without the programs, a network that runs, or a token for keys, not all of it would be proved. */
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
  if (!process.env.FABRIC_NETWORK) {
    const network = spawnSync(process.execPath, [script('fabric.ts'), 'status'], { stdio: 'ignore' });
    if (network.status !== 0) return 'No network runs: npm run fabric:up starts one.';
  }
  // Installs and compiles what is missing, where it may, and names it otherwise.
  const token = spawnSync(process.execPath, [script('setup-system.ts'), 'pkcs11'], { stdio: 'inherit' });
  return token.status === 0 ? undefined : 'Keys in a token cannot be tried: npm run setup:system -- pkcs11.';
}
