import { execFile } from 'node:child_process';
import { bytesToHex, TapwattError } from '@tapwatt/firmware-contracts';
import type { GatewayConfig } from '../config/gateway-config.ts';
import { dataLayout } from '../data/layout.ts';
import { loadMasterKey } from './gateway-keys.ts';
import { parseSecret } from './key-material.ts';

/** A token may take its time, ms. */
const COMMAND_DEADLINE_MS = 30_000;
const KEY_BYTES = 32;

type MasterKeyConfig = Pick<GatewayConfig, 'issuer' | 'profile' | 'dataDirectory'>;

/** Where the issuer's process has the master key from, as a message names it. */
export const masterKeySource = (config: MasterKeyConfig): string =>
  hasCommand(config) ? 'issuer.masterKeyCommand' : dataLayout(config.dataDirectory).keyFile('master');

/** The master key of the issuer's process: what its command prints, or its key file. Throws KEY_FILE, DEVELOPMENT_KEYS. */
export async function masterKeyOf(config: MasterKeyConfig): Promise<Uint8Array> {
  const { issuer, dataDirectory, profile } = config;
  const [program, ...args] = issuer?.masterKeyCommand ?? [];
  if (program === undefined) return loadMasterKey(dataLayout(dataDirectory), profile);
  const printed = await outputOf(program, args);
  // As bytes, or as the text of a key file.
  const isRaw = printed.length === KEY_BYTES;
  return parseSecret(
    isRaw ? bytesToHex(printed) : printed.toString('latin1').trim(),
    'issuer.masterKeyCommand',
  );
}

const hasCommand = ({ issuer }: MasterKeyConfig): boolean => (issuer?.masterKeyCommand.length ?? 0) > 0;

/** What it printed; an error tells nothing of it. */
function outputOf(program: string, args: readonly string[]): Promise<Buffer> {
  const options = { encoding: 'buffer', timeout: COMMAND_DEADLINE_MS, maxBuffer: 4_096 } as const;
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (error, stdout) => {
      if (error === null) return resolve(stdout);
      const how = typeof error.code === 'number' ? `ended with ${error.code}` : `failed (${error.code})`;
      reject(new TapwattError('KEY_FILE', `issuer.masterKeyCommand: ${program} ${how}.`));
    });
  });
}
