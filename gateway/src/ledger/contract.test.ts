import { VoucherLoad } from '../../bench/voucher-load.ts';
import { openEmbeddedLedger, SimulatedDisk } from './embedded/index.ts';
import { countingRandom, testKey } from './embedded/testing/test-ledger.ts';
import { describeLedger } from './testing/ledger-contract.ts';
import { MemoryLedger } from './testing/memory-ledger.ts';

describeLedger('the rules in memory', async () => {
  const load = new VoucherLoad();
  const ledger = new MemoryLedger(countingRandom());
  await ledger.found(load.genesis());
  return {
    load,
    as: (submitter) => ledger.as(submitter),
    submitOrder: (jws) => ledger.submitOrder(jws),
    close: async () => undefined,
  };
});

describeLedger('embedded', async () => {
  const load = new VoucherLoad();
  const ledger = await openEmbeddedLedger({
    directory: 'nowhere',
    place: new SimulatedDisk(),
    signingKey: testKey(),
    clock: { now: () => 1_795_000_000_000 },
    random: countingRandom(),
    genesis: load.genesis(),
  });
  return {
    load,
    as: (submitter) => ledger.as(submitter),
    submitOrder: (jws) => ledger.submitOrder(jws),
    close: () => ledger.close(),
  };
});
