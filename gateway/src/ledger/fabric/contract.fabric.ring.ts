import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeLedger } from '../testing/ledger-contract.ts';
import { openLoadOnFabric } from './testing/load-on-fabric.ts';

const EMPTY_LEDGER = fileURLToPath(new URL('../../../../scripts/empty-fabric-ledger.ts', import.meta.url));

describeLedger('Fabric', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tapwatt-contract-'));
  const networkFile = join(folder, 'network.json');
  await writeFile(networkFile, execFileSync(process.execPath, [EMPTY_LEDGER]));
  const { load, ledgers, close } = await openLoadOnFabric({}, networkFile);
  return {
    load,
    as: ({ partyId }) => ledgers[partyId],
    submitOrder: (jws) => ledgers.gateway.submitOrder(jws),
    async close() {
      await close();
      await rm(folder, { recursive: true });
    },
  };
});
