import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { NetworkError } from './network-error.ts';

const NAMES = ['peer', 'orderer', 'configtxgen', 'cryptogen', 'osnadmin'] as const;
export type ProgramName = (typeof NAMES)[number];
/** The path of each program of Fabric. */
export type Programs = Readonly<Record<ProgramName, string>>;

const REMEDY =
  'They are in hyperledger-fabric-linux-amd64-2.5.x.tar.gz (or 3.1.x, or arm64) of the releases of hyperledger/fabric ' +
  'on GitHub. Unpack it and put its folder bin on PATH, or name it in FABRIC_BIN. See docs/fabric.md.';

/** Those that make and change a network, without those that run it. */
export const TOOLS: readonly ProgramName[] = ['peer', 'configtxgen', 'cryptogen', 'osnadmin'];

/**
 * Finds Fabric's programs in FABRIC_BIN, or on PATH. Throws `NetworkError` with the remedy where one that is needed is
 * missing.
 */
export function findPrograms(
  environment: Readonly<Record<string, string | undefined>>,
  needed: readonly ProgramName[] = NAMES,
): Programs {
  const { FABRIC_BIN, PATH = '' } = environment;
  const folders = FABRIC_BIN
    ? [resolve(FABRIC_BIN)]
    : PATH.split(delimiter).filter((folder) => folder !== '');
  const found = NAMES.map((name) => [name, folders.map((at) => join(at, name)).find(isProgram)] as const);
  const missing = found
    .filter(([name, path]) => path === undefined && needed.includes(name))
    .map(([name]) => name);
  if (missing.length === 0)
    return Object.fromEntries(found.map(([name, path]) => [name, path ?? name])) as unknown as Programs;
  const where = FABRIC_BIN ? `in FABRIC_BIN (${FABRIC_BIN})` : 'on PATH, and FABRIC_BIN is not set';
  throw new NetworkError(
    'configuration',
    `Fabric's ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not ${where}. ${REMEDY}`,
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
