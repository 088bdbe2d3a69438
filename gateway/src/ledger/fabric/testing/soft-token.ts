import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where Debian's package libsofthsm2 puts it, by architecture or not. */
const LIBRARIES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
];
const UTIL = 'softhsm2-util';
const PIN = '4711';
const LABEL = 'tapwatt test';

/** A PKCS#11 token in software, in a folder of a test's own. */
export interface SoftToken {
  readonly pinFile: string;
  /** Takes in a private key (PEM); answers where it lies, as a PKCS#11 URI. */
  take(keyFile: string): string;
}

/** Needs SoftHSM 2. This process reads its tokens from the folder from now on. */
export async function makeSoftToken(folder: string): Promise<SoftToken> {
  const library = LIBRARIES.find((path) => existsSync(path));
  if (library === undefined) throw new Error('NOT RUN: it needs SoftHSM 2, the Debian package softhsm2.');
  const tokens = join(folder, 'tokens');
  const configuration = join(folder, 'softhsm2.conf');
  const pinFile = join(folder, 'pin');
  await mkdir(tokens, { recursive: true });
  await writeFile(configuration, `directories.tokendir = ${tokens}\nlog.level = ERROR\n`);
  await writeFile(pinFile, `${PIN}\n`, { mode: 0o600 });
  process.env.SOFTHSM2_CONF = configuration;
  run('--init-token', '--free', '--label', LABEL, '--pin', PIN, '--so-pin', PIN);
  let keys = 0;
  return {
    pinFile,
    take(keyFile) {
      keys += 1;
      const id = keys.toString(16).padStart(2, '0');
      run(`--import=${keyFile}`, '--token', LABEL, '--label', `key-${id}`, '--id', id, '--pin', PIN);
      const token = encodeURIComponent(LABEL);
      return `pkcs11:token=${token};id=%${id}?module-path=${library}&pin-source=${pinFile}`;
    },
  };
}

const run = (...args: readonly string[]): void => void execFileSync(UTIL, args, { stdio: 'pipe' });
