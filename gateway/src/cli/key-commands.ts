import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { dataLayout, ROLE_KEY_NAMES } from '../data/layout.ts';
import { claimDataDirectory } from '../data/schema-version.ts';
import { backUpKeys, restoreKeys } from '../keys/backup-files.ts';
import { createMissingKeys } from '../keys/create-keys.ts';
import { refuseOpenMode } from '../keys/key-file.ts';
import { FIXED_KEYS, ROTATABLE, ROTATION_CONSEQUENCES, rotateKey } from '../keys/rotate.ts';
import type { CliEdges } from './edges.ts';
import { type CommonOptions, layoutOf, readConfig, type Session } from './session.ts';

interface PassphraseOptions extends CommonOptions {
  readonly passphraseFile?: string;
}

export async function createKeys(session: Session, options: CommonOptions): Promise<void> {
  const { config } = await readConfig(session.edges, options);
  const layout = dataLayout(config.dataDirectory);
  await claimDataDirectory(layout);
  const development = config.profile === 'development';
  const created = await createMissingKeys({ layout, development, random: session.edges.random });
  session.out.data(
    { created, directory: layout.keys },
    created.length === 0 ? 'Every key is there already.' : `Made in ${layout.keys}: ${created.join(', ')}`,
  );
  if (created.length === 0) return;
  session.out.note(
    'Back them up now: tapwatt key backup FILE. A lost master key is the loss of every meter.',
  );
  if (!development) {
    session.out.note(
      `Give ${ROLE_KEY_NAMES.map((name) => `${name}.key`).join(', ')} to their owners and leave the .pub files here.`,
    );
  }
}

export async function backup(session: Session, file: string, options: PassphraseOptions): Promise<void> {
  const layout = await layoutOf(session.edges, options);
  const passphrase = await readPassphrase(session.edges, options);
  const path = resolve(session.edges.cwd, file);
  const names = await backUpKeys({ layout, file: path, passphrase, random: session.edges.random });
  session.out.data({ file: path, keys: names }, `${names.length} keys are in ${path}, encrypted.`);
  session.out.note('Without the passphrase nobody can open it, you included. The ledger is not in it.');
}

export async function restore(session: Session, file: string, options: PassphraseOptions): Promise<void> {
  const layout = await layoutOf(session.edges, options);
  const passphrase = await readPassphrase(session.edges, options);
  const written = await restoreKeys({ layout, file: resolve(session.edges.cwd, file), passphrase });
  const words =
    written.length === 0 ? 'Every key of the backup is there already.' : `Restored: ${written.join(', ')}`;
  session.out.data({ restored: written, directory: layout.keys }, words);
}

export async function rotate(
  session: Session,
  what: string,
  options: CommonOptions & { yes?: boolean },
): Promise<void> {
  const { edges, out } = session;
  const rotatable = ROTATABLE.find((name) => name === what);
  if (rotatable === undefined) {
    const why = FIXED_KEYS[what];
    if (why !== undefined) throw new TapwattError('FORBIDDEN', why);
    throw new TapwattError('BAD_REQUEST', `There is no key of the name ${what}: ${ROTATABLE.join(', ')}`);
  }
  const layout = await layoutOf(edges, options);
  out.note(ROTATION_CONSEQUENCES[rotatable]);
  if (options.yes !== true && !(await isConfirmed(edges))) {
    throw new TapwattError('BAD_REQUEST', 'Nothing was changed. Confirm with --yes.');
  }
  await rotateKey(rotatable, layout, edges.random);
  out.data({ rotated: rotatable }, `The ${rotatable} key was replaced.`);
}

async function isConfirmed(edges: CliEdges): Promise<boolean> {
  if (!('isTTY' in edges.stdin) || edges.stdin.isTTY !== true) return false;
  const prompt = createInterface({ input: edges.stdin, output: edges.stderr });
  const answer = await prompt.question('Type yes to go on: ');
  prompt.close();
  return answer.trim() === 'yes';
}

/** Secrets come by file or environment, never as an argument that everybody can list. */
async function readPassphrase(edges: CliEdges, options: PassphraseOptions): Promise<string> {
  if (options.passphraseFile === undefined) {
    const passphrase = edges.env.TAPWATT_PASSPHRASE;
    if (passphrase !== undefined && passphrase !== '') return passphrase;
    throw new TapwattError(
      'BAD_REQUEST',
      'A passphrase is needed: --passphrase-file FILE, or TAPWATT_PASSPHRASE.',
    );
  }
  const path = resolve(edges.cwd, options.passphraseFile);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new TapwattError('KEY_FILE', `${path} cannot be read.`, { cause });
  });
  await refuseOpenMode(path);
  return text.replace(/\r?\n$/, '');
}
