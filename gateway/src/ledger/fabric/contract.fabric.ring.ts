import { describeLedger } from '../testing/ledger-contract.ts';
import { openLoadOnFabric } from './testing/load-on-fabric.ts';

describeLedger('Fabric', async () => {
  const { load, ledgers, close } = await openLoadOnFabric();
  return {
    load,
    as: ({ partyId }) => ledgers[partyId],
    submitOrder: (jws) => ledgers.gateway.submitOrder(jws),
    close,
  };
});
