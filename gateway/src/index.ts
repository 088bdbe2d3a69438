export { createAdministration } from './administration.ts';
export { type AssembledGateway, assembleGateway } from './assemble-gateway.ts';
export { recordRestore } from './backup/record-restore.ts';
export type { Fleet } from './cli/fleet.ts';
export { type ProvisionOptions, provisionFleet } from './cli/provision-fleet.ts';
export { type Credentials, createCredentials } from './credentials.ts';
export { unlessAborted } from './edges/deadline.ts';
export type { Clock, Random } from './edges/edges.ts';
export { connectFabricLedger } from './hosts/connect-fabric.ts';
export type { Issuer } from './issuer/issuer.ts';
export { createLocalIssuer } from './issuer/local-issuer.ts';
export { createExchange } from './issuer/remote/exchange.ts';
export { createIssuerLine } from './issuer/remote/issuer-line.ts';
export { createRemoteIssuer } from './issuer/remote/remote-issuer.ts';
export { certificateAuthority } from './issuer/remote/testing/certificates.ts';
export { startIssuer } from './issuer-main.ts';
export { FABRIC_BATCHES } from './ledger/batches.ts';
export { checkInvariants, type InvariantReport } from './ledger/check-invariants.ts';
export {
  type DiskVerifier,
  type EmbeddedLedger,
  loadRows,
  openEmbeddedLedger,
  SimulatedDisk,
  StorageError,
  type StorageErrorCode,
  type StorageWrite,
  type SyncFault,
  verifierOfDisk,
  verifyLedgerDirectory,
} from './ledger/embedded/index.ts';
export { LedgerRejected, LedgerUnavailable, OutcomeUnknown } from './ledger/errors.ts';
export { FabricNetworkUnderTest, fabricMemberOf } from './ledger/fabric/testing/fabric-network.ts';
export { type LoadOnFabric, openLoadOnFabric } from './ledger/fabric/testing/load-on-fabric.ts';
export type { Committed, Ledger, SubmitOptions } from './ledger/ledger.ts';
export { createExternalBus } from './links/mqtt/bus/external-bus.ts';
export { createInProcessBus } from './links/mqtt/bus/in-process-bus.ts';
export type { MessageBus } from './links/mqtt/bus/message-bus.ts';
export type { CardAtReader, NfcReaders, ReaderHandlers } from './links/nfc/readers.ts';
export { machinePorts } from './links/serial/machine-port.ts';
export type { SerialConfig } from './links/serial/serial-config.ts';
export {
  createSerialLink,
  type SerialEvent,
  type SerialLink,
  type SerialLinkPorts,
} from './links/serial/serial-link.ts';
export type { TapOptions, TapReport, Taps, Transmit } from './links/tap/taps.ts';
export { type RunningGateway, startGateway } from './main.ts';
export { createLiveBoard, type LiveBoard } from './observability/live-board.ts';
export { createLogger } from './observability/logger.ts';
export { observeRedemptions } from './observability/observe-redemptions.ts';
export { acknowledgeable } from './redemption/acknowledgement.ts';
export type { RedemptionObserver } from './redemption/observer.ts';
export { createSettler, type Settler } from './redemption/settler.ts';
export type { JournalEntry, RequestJournal } from './requests/journal.ts';
export { createLastingJournal, type JournalStore } from './requests/lasting-journal.ts';
export { openTelemetry, type Telemetry } from './telemetry/open-telemetry.ts';
export { readTele } from './telemetry/read-payload.ts';
export type { Measured, ReadingSink } from './telemetry/reading.ts';
export { createInfluxServer, type InfluxServer } from './telemetry/testing/influx-server.ts';
