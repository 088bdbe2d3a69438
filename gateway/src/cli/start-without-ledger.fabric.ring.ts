import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FabricNetworkUnderTest } from '../ledger/fabric/testing/fabric-network.ts';
import { startTestGateway, type TestGateway } from './testing/running-gateway.ts';

const DEADLINE_MS = 120_000;

let network: FabricNetworkUnderTest;
let cwd: string;

beforeAll(async () => {
  network = await FabricNetworkUnderTest.make();
  await network.up();
  cwd = await mkdtemp(join(tmpdir(), 'tw-'));
  await configure('the-books');
  // A development gateway founds it.
  await (await startTestGateway(cwd)).end('SIGTERM');
  await network.down();
}, DEADLINE_MS);
afterAll(async () => {
  await network?.remove();
  await rm(cwd, { recursive: true, force: true });
}, DEADLINE_MS);

const configure = (ledgerId: string): Promise<void> =>
  writeFile(
    join(cwd, 'tapwatt.yaml'),
    `ledgerId: ${ledgerId}\nledger: {kind: fabric, fabric: {network: ${network.networkFile}}}\n`,
  );

async function stateOf({ httpPort }: TestGateway): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${httpPort}/health/ready`);
  return ((await answer.json()) as { readonly state: unknown }).state;
}

it(
  'a gateway that starts while no peer is reached is degraded, and ready when the network is back',
  async () => {
    const gateway = await startTestGateway(cwd);
    try {
      await expect.poll(() => stateOf(gateway), { timeout: DEADLINE_MS }).toBe('degraded');
      await network.up();
      await expect.poll(() => stateOf(gateway), { timeout: DEADLINE_MS }).toBe('ready');
    } finally {
      expect((await gateway.end('SIGTERM')).how).toBe(0);
    }
  },
  2 * DEADLINE_MS,
);

it(
  'one that then finds another ledger than its own says so and ends, and has asked nothing of it',
  async () => {
    await network.down();
    await configure('other-books');
    const gateway = await startTestGateway(cwd);
    await network.up();
    const { how, log } = await gateway.ended;
    expect([how, log]).toEqual([3, expect.stringContaining('ledgerId is other-books')]);
  },
  2 * DEADLINE_MS,
);
