import { afterAll, beforeAll, expect, test } from 'vitest';
import { LedgerUnavailable } from '../errors.ts';
import { FabricNetworkUnderTest } from './testing/fabric-network.ts';
import { type LoadOnFabric, openLoadOnFabric } from './testing/load-on-fabric.ts';

const TRANSACTIONS = 20;
const MINUTE_MS = 60_000;

let network: FabricNetworkUnderTest;
let walletId: string;
let deposits = 0;
const kept: string[] = [];

beforeAll(async () => {
  network = await FabricNetworkUnderTest.make();
  const seconds = await network.up();
  console.log(`Fabric: from nothing to an answer from all three organisations ${seconds.toFixed(2)} s`);
  await connected(async ({ load, ledgers }) => {
    await load.prepare({ as: ({ partyId }) => ledgers[partyId] }, 1);
    walletId = load.name('wallet');
  });
}, 2 * MINUTE_MS);
afterAll(() => network?.remove());

/** Works on a connection of its own: what an earlier one was connected to may have been killed. */
async function connected(work: (load: LoadOnFabric) => Promise<void>): Promise<void> {
  const load = await openLoadOnFabric({}, network.networkFile);
  try {
    await work(load);
  } finally {
    await load.close();
  }
}

/** One transaction, whose answer must stay true from then on. */
async function propose({ ledgers }: LoadOnFabric): Promise<void> {
  const depositId = `deposit-${++deposits}`;
  await ledgers.discom.submit('ProposeDeposit', { depositId, walletId, amount: '100' });
  kept.push(depositId);
}

async function expectAllKept({ ledgers }: LoadOnFabric): Promise<void> {
  for (const depositId of kept) {
    expect(await ledgers.gateway.evaluate('GetDeposit', { depositId })).toMatchObject({ depositId });
  }
}

/** The different numbers of blocks that peers have. */
async function heightsOfPeers(): Promise<unknown[]> {
  const { nodes } = await network.status();
  const peers = nodes.filter(({ name }) => name.startsWith('peer-'));
  return [...new Set(peers.map(({ blocks }) => blocks))];
}

test('a network made from nothing answers queries and commits transactions', () =>
  connected(async (load) => {
    expect(await load.ledgers.bank.evaluate('GetLedger', {})).toMatchObject({ ledgerId: expect.any(String) });
    const startedAt = performance.now();
    for (let n = 0; n < TRANSACTIONS; n++) await propose(load);
    const eachMs = (performance.now() - startedAt) / TRANSACTIONS;
    console.log(`Fabric: ${eachMs.toFixed(0)} ms from a transaction to its commit, one after another`);
    await expectAllKept(load);
  }));

test('a second up changes nothing', async () => {
  const before = await network.status();
  await network.up();
  const pids = (nodes: typeof before.nodes) => nodes.map(({ name, pid }) => [name, pid]);
  expect(pids((await network.status()).nodes)).toEqual(pids(before.nodes));
});

test('peer, orderer and chaincode killed with -9 come back with all that was answered', async () => {
  await network.kill('orderer1', 'peer-discom', 'peer-bank', 'chaincode-agency');
  expect((await network.status()).state).toBe('partial');
  await network.up();
  expect((await network.status()).state).toBe('running');
  await connected(async (load) => {
    await expectAllKept(load);
    await propose(load);
  });
});

test('a network that was stopped has its data when it is started again', async () => {
  await network.down();
  expect((await network.status()).state).toBe('stopped');
  const seconds = await network.up();
  console.log(`Fabric: started again in ${seconds.toFixed(2)} s`);
  await connected(async (load) => {
    await expectAllKept(load);
    await propose(load);
  });
});

test('one organisation away holds up nobody, and catches up when it is back', async () => {
  await network.kill('peer-bank');
  await connected(propose);
  await network.up();
  await connected(expectAllKept);
  await expect.poll(heightsOfPeers, { timeout: MINUTE_MS }).toHaveLength(1);
});

test('no organisation alone commits anything', async () => {
  await network.kill('peer-bank', 'peer-agency');
  const alone = `deposit-${++deposits}`;
  await connected(async ({ ledgers }) => {
    const proposal = { depositId: alone, walletId, amount: '100' };
    await expect(ledgers.discom.submit('ProposeDeposit', proposal)).rejects.toThrow(LedgerUnavailable);
  });
  await network.up();
  await connected(async (load) => {
    expect(await load.ledgers.gateway.evaluate('GetDeposit', { depositId: alone })).toBeNull();
    await expectAllKept(load);
  });
});
