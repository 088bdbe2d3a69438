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
  'broker/src/main.ts',
  'gateway/src/edges/system.ts',
  'gateway/src/ledger/embedded/system-time.ts',
  'gateway/src/data/temporary-name.ts',
  'gateway/src/cli/main.ts',
  'gateway/src/main.ts',
  'gateway/src/http',
  'gateway/src/console/page',
  'simulator/src/time/time.ts',
  'simulator/src/cli/run.ts',
  'simulator/src/main.ts',
  'world/src/child.ts',
  'world/src/program.ts',
  'world/src/start.ts',
  'world/src/model/main.ts',
  'world/src/sim/kernel/globals.ts',
  'world/src/sim/run',
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
