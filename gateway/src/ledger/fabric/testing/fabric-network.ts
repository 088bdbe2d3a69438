import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Member } from '@tapwatt/chaincode';
import { partyOf, readFabricNetwork } from '../network-file.ts';

const SCRIPT = fileURLToPath(new URL('../../../../../scripts/fabric.ts', import.meta.url));
const DEADLINE_MS = 120_000;
const run = promisify(execFile);

interface NodeStatus {
  readonly name: string;
  readonly pid?: number;
  readonly blocks?: number;
}

interface Plan {
  readonly peers: readonly { readonly operations: { readonly host: string; readonly port: number } }[];
}

export interface FabricStatus {
  readonly state: 'absent' | 'stopped' | 'partial' | 'running';
  readonly nodes: readonly NodeStatus[];
}

/** As whom the ledger registers a party that the network has a certificate for. */
export async function fabricMemberOf(networkFile: string, partyId: string): Promise<Member> {
  const { mspId, name } = partyOf(await readFabricNetwork(networkFile), partyId);
  return { mspId, name };
}

/** A Fabric network of a test's own, on free ports, in a folder that goes with it. */
export class FabricNetworkUnderTest {
  readonly #directory: string;

  static async make(): Promise<FabricNetworkUnderTest> {
    return new FabricNetworkUnderTest(await mkdtemp(join(tmpdir(), 'tapwatt-fabric-')));
  }

  private constructor(directory: string) {
    this.#directory = directory;
  }

  get networkFile(): string {
    return join(this.#directory, 'network.json');
  }

  /** Another, empty ledger on the network; answers the file that describes the network with it. */
  async emptyLedger(name: string): Promise<string> {
    await this.#fabric('define', name);
    const network = await jsonOf<object>(this.networkFile);
    const file = join(this.#directory, `network-${name}.json`);
    await writeFile(file, JSON.stringify({ ...network, chaincode: name }));
    return file;
  }

  /** What the peers say of their version. */
  async version(): Promise<string> {
    const plan = await jsonOf<Plan>(join(this.#directory, 'plan.json'));
    const operations = plan.peers[0]?.operations;
    const answer = await fetch(`http://${operations?.host}:${operations?.port}/version`);
    return ((await answer.json()) as { readonly Version: string }).Version;
  }

  /** Of all processes that run. */
  async pids(): Promise<readonly number[]> {
    return (await this.status()).nodes.flatMap(({ pid }) => pid ?? []);
  }

  /** Starts what does not run; answers how long that took, in seconds. */
  async up(): Promise<number> {
    return (JSON.parse(await this.#fabric('up', '--json')) as { seconds: number }).seconds;
  }

  async down(): Promise<void> {
    await this.#fabric('down');
  }

  async status(): Promise<FabricStatus> {
    return JSON.parse(await this.#fabric('status', '--json')) as FabricStatus;
  }

  /** Ends a process as a power cut would. */
  async kill(...names: readonly string[]): Promise<void> {
    const { nodes } = await this.status();
    for (const name of names) {
      const pid = nodes.find((node) => node.name === name)?.pid;
      if (pid === undefined) throw new Error(`${name} does not run.`);
      process.kill(pid, 'SIGKILL');
    }
  }

  async remove(): Promise<void> {
    await this.#fabric('down', '--wipe');
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** What a command printed, whatever its exit status: that of `status` says that not all runs. */
  async #fabric(...args: readonly string[]): Promise<string> {
    try {
      const options = { timeout: DEADLINE_MS, maxBuffer: 10_000_000 };
      const all = [SCRIPT, ...args, '--directory', this.#directory];
      return (await run(process.execPath, all, options)).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      if (args[0] === 'status' && stdout) return stdout;
      throw new Error(stderr || 'fabric.ts could not be run.', { cause: error });
    }
  }
}

const jsonOf = async <T>(file: string): Promise<T> => JSON.parse(await readFile(file, 'utf8')) as T;
