import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { partyOf, readFabricNetwork } from '../ledger/fabric/index.ts';
import { runTapwatt } from './testing/run-tapwatt.ts';
import { startTestGateway } from './testing/running-gateway.ts';

const EMPTY_LEDGER = fileURLToPath(new URL('../../../scripts/empty-fabric-ledger.ts', import.meta.url));

let cwd: string;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'tw-'));
  await writeFile(join(cwd, 'network.json'), execFileSync(process.execPath, [EMPTY_LEDGER]));
  await writeFile(
    join(cwd, 'tapwatt.yaml'),
    'profile: production\nsite: north\nledgerId: the-books\nledger: {kind: fabric, fabric: {network: network.json}}\n',
  );
  expect((await tapwatt(['key', 'create'])).code).toBe(0);
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const tapwatt = (args: readonly string[], env: Record<string, string> = {}) => runTapwatt(args, { cwd, env });

it('a production gateway does not found a channel’s ledger, and says who does', async () => {
  await expect(startTestGateway(cwd)).rejects.toThrow(/not founded yet: .*tapwatt ledger found/);
});

it('nobody but the utility founds it', async () => {
  const { certificate, key } = partyOf(await readFabricNetwork(join(cwd, 'network.json')), 'gateway');
  const alone = await tapwatt(['ledger', 'found', '--key', key]);
  expect([alone.code, alone.stderr]).toEqual([3, expect.stringContaining('belong together')]);
  const gateway = await tapwatt(['ledger', 'found', '--certificate', certificate, '--key', key]);
  expect([gateway.code, gateway.stderr]).toEqual([5, expect.stringContaining('founded by its utility')]);
  await expect(startTestGateway(cwd)).rejects.toThrow(/not founded yet/);
});

it('founded once, the gateway starts on it; said again, it changes nothing', async () => {
  const founded = await tapwatt(['ledger', 'found', '--json']);
  expect(founded).toMatchObject({ code: 0, stderr: '' });
  const { parties, ...about } = JSON.parse(founded.stdout);
  expect(about).toMatchObject({ ledgerId: 'the-books', channel: 'tapwatt', founded: true });
  expect(parties.map(({ id }: { id: string }) => id)).toEqual(['discom', 'bank', 'agency', 'gateway']);
  const again = await tapwatt(['ledger', 'found']);
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('was founded already')]);
  const other = await tapwatt(['ledger', 'found'], { TAPWATT_LEDGER_ID: 'other-books' });
  expect([other.code, other.stderr]).toEqual([3, expect.stringContaining('is the-books')]);
  const gateway = await startTestGateway(cwd);
  expect((await gateway.end('SIGTERM')).how).toBe(0);
});
