export { watchChain } from './chain-watch.ts';
export type { FabricLedger } from './fabric-ledger.ts';
export {
  endpointsOf,
  type FabricNetwork,
  type FabricParty,
  identityOfParty,
  partyOf,
  readFabricNetwork,
} from './network-file.ts';
export { expiryOf, openFabricLedger } from './open.ts';
