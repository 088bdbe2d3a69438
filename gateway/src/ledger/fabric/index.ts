export { watchChain } from './chain-watch.ts';
export type { FabricLedger } from './fabric-ledger.ts';
export {
  type FabricNetwork,
  type FabricParty,
  identityOfParty,
  partyOf,
  readFabricNetwork,
} from './network-file.ts';
export { expiryOf } from './open.ts';
export { openAsParty } from './open-as-party.ts';
