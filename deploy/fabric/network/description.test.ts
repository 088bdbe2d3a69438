import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { partyOf, readFabricNetwork } from '../../../gateway/src/ledger/fabric/network-file.ts';
import { describeNetwork } from './description.ts';
import { Layout } from './layout.ts';
import { loopbackPlan } from './plan.ts';

test('the description of a network is one that a gateway reads, with absolute paths and every party', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'fabric-'));
  try {
    const layout = new Layout(directory);
    await writeFile(layout.networkFile(), JSON.stringify(describeNetwork(loopbackPlan(20_000, 1), layout)));
    const network = await readFabricNetwork(layout.networkFile());
    expect(network.peers.map(({ tlsCa }) => tlsCa)).toContain(layout.peerTls('bank').ca);
    for (const id of ['discom', 'bank', 'agency', 'gateway', 'gateway-2', 'issuer']) partyOf(network, id);
    expect(partyOf(network, 'bank')).toMatchObject({ mspId: 'BankMSP', name: 'User1@bank.tapwatt.example' });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
