export type { Fleet } from './cli/fleet.ts';
export { type ProvisionOptions, provisionFleet } from './cli/provision-fleet.ts';
export { checkInvariants, type InvariantReport } from './ledger/check-invariants.ts';
export {
  type EmbeddedLedger,
  openEmbeddedLedger,
  verifyLedgerDirectory,
} from './ledger/embedded/index.ts';
export type { Committed, Ledger } from './ledger/ledger.ts';
export { type RunningGateway, startGateway } from './main.ts';
