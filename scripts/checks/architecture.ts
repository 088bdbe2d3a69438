/** The map of the house as data: what docs/architecture.md says in words, and what the checks hold the code to. */

/** Which workspace may import which; a workspace imports another only by its package name. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'firmware-contracts': [],
  chaincode: ['firmware-contracts'],
  broker: ['firmware-contracts'],
  gateway: ['firmware-contracts', 'chaincode', 'broker'],
  simulator: ['firmware-contracts'],
  world: ['firmware-contracts', 'chaincode', 'broker', 'gateway', 'simulator'],
};

export const WORKSPACES = Object.keys(MAY_IMPORT);
export const PACKAGE_SCOPE = '@tapwatt/';

/** Implementations of ports: none of these folders imports from another of them; only a `main.ts` knows them all. */
export const ADAPTERS: readonly string[] = [
  'gateway/src/ledger/embedded',
  'gateway/src/ledger/fabric',
  'gateway/src/links/mqtt',
  'gateway/src/links/nfc',
  'gateway/src/links/serial',
  'gateway/src/http',
  'gateway/src/telemetry/embedded',
  'gateway/src/telemetry/influx',
];

/** Folders of decisions: no clock, no randomness, no timers, no I/O in them; all that is passed in. */
export const PURE_FOLDERS: readonly string[] = ['firmware-contracts/src', 'chaincode/src'];

/** Inside a pure folder, the shells that stand around the core. */
export const PURE_EXCEPT: readonly string[] = ['chaincode/src/fabric'];

/**
 * The only code that may take clock, timers or randomness from the machine: adapters of those ports, programs that pass
 * them on, and what runs worlds rather than in one. All other code gets them passed in, so that a simulation runs it.
 */
export const MACHINE_EDGES: readonly string[] = [
  'broker/src/system-time.ts',
  'gateway/src/edges/system.ts',
  'gateway/src/ledger/embedded/system-time.ts',
  'gateway/src/data/temporary-name.ts',
  'gateway/src/cli/main.ts',
  // Nobody but OpenSSL draws an Ed25519 key, and it takes no chance from outside; worlds have keys of their own.
  'gateway/src/keys/key-material.ts',
  'gateway/src/cli/fleet.ts',
  // A clock for tests, which lets what it woke have its turn.
  'gateway/src/edges/manual-clock.ts',
  'gateway/src/main.ts',
  'gateway/src/http',
  'gateway/src/console/page',
  'simulator/src/time/time.ts',
  'simulator/src/cli/run.ts',
  'simulator/src/main.ts',
  'world/src/child.ts',
  'world/src/program.ts',
  'world/src/model/main.ts',
  'world/src/sim/kernel/globals.ts',
  'world/src/sim/run',
];

/**
 * The only code that may open a file, a socket, a line or a process: adapters, what a program reads before it begins, and
 * what runs worlds. What the rest needs of them is passed in, as ports. Types of such modules may be imported anywhere.
 */
export const DISK_AND_NETWORK_EDGES: readonly string[] = [
  'broker/src/cli/read-mqtt-key.ts',
  'broker/src/cli/read-tls.ts',
  'broker/src/transports.ts',
  'firmware-contracts/vectors/generate.ts',
  'gateway/src/backup/backup-file.ts',
  'gateway/src/backup/create-backup.ts',
  'gateway/src/backup/restore-backup.ts',
  'gateway/src/cli',
  'gateway/src/console/page',
  'gateway/src/data',
  'gateway/src/doctor',
  'gateway/src/hosts/connect-fabric.ts',
  'gateway/src/hosts/issuer-host.ts',
  'gateway/src/http',
  'gateway/src/issuer/remote/exchange.ts',
  'gateway/src/issuer/remote/serve-issuer.ts',
  'gateway/src/keys/backup-files.ts',
  'gateway/src/keys/gateway-keys.ts',
  'gateway/src/keys/key-file.ts',
  'gateway/src/keys/master-key.ts',
  'gateway/src/ledger/embedded/classic-level-storage.ts',
  'gateway/src/ledger/embedded/table-files.ts',
  'gateway/src/ledger/fabric/connect-peer.ts',
  'gateway/src/ledger/fabric/network-file.ts',
  'gateway/src/links/mqtt/bus/broker-connection.ts',
  'gateway/src/links/nfc/pcsc-daemon.ts',
  'gateway/src/links/nfc/reader-line.ts',
  'gateway/src/links/serial/machine-port.ts',
  'gateway/src/requests/level-journal.ts',
  'gateway/src/telemetry/influx/client.ts',
  'gateway/src/telemetry/queue/durable-queue.ts',
  'gateway/src/telemetry/queue/segments.ts',
  'gateway/src/telemetry/reopening-level.ts',
  'simulator/src/card/virtual-card.ts',
  'simulator/src/cli/state-lock.ts',
  'simulator/src/fleet/fleet-file.ts',
  'simulator/src/fleet/meter-files.ts',
  'simulator/src/handset/bag-store.ts',
  'simulator/src/handset/file-request-store.ts',
  'simulator/src/handset/replace-file.ts',
  'simulator/src/link/mqtt-link.ts',
  'simulator/src/link/tcp.ts',
  'simulator/src/nvm/file-nvm.ts',
  'simulator/src/serial/device-port.ts',
  'world/src/model',
  'world/src/program.ts',
  'world/src/sim/kernel/globals.ts',
  'world/src/sim/main.ts',
  'world/src/sim/run',
  'world/src/start.ts',
  'world/src/what-ran.ts',
];

/** The only modules of Node that a pure folder may import: hashing and signatures are functions of their input. */
export const PURE_MAY_IMPORT: readonly string[] = ['node:crypto'];

export function isTest(file: string): boolean {
  return /\.(test|ring)\.ts$/.test(file);
}

/** Tests and what only they use: fixtures, harnesses, benchmarks. */
export function isForTests(file: string): boolean {
  return isTest(file) || /\.fixture\.ts$/.test(file) || /\/(test|testing|bench|examples)\//.test(file);
}

export function workspaceOf(file: string): string | undefined {
  const first = file.split('/')[0] ?? '';
  return WORKSPACES.includes(first) ? first : undefined;
}

export function isUnder(file: string, folder: string): boolean {
  return file.startsWith(`${folder}/`);
}

/** `place` is a file or a folder. */
export function isAt(file: string, place: string): boolean {
  return file === place || isUnder(file, place);
}
