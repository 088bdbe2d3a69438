import { readdir, readFile } from 'node:fs/promises';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { errorCodeOf, makeDirectory, writeFileAtomic } from './atomic-file.ts';
import type { DataLayout } from './layout.ts';
import { TEMPORARY_SUFFIX } from './temporary-name.ts';

/** Version of the layout of a data directory; another one is refused, never guessed at. */
const DATA_SCHEMA_VERSION = 1;

/** What may lie there before: the log file that whoever starts a gateway has opened for it. */
const LOG_SUFFIX = '.log';

/**
 * Makes an empty or absent directory a data directory, or checks that it is one of this version.
 * Throws DATA_VERSION, DATA_DAMAGED, DISK_FULL, and CONFIG_INVALID where there can be no directory.
 */
export async function claimDataDirectory(layout: DataLayout): Promise<void> {
  await makeDataDirectory(layout.directory);
  if ((await readVersion(layout)) !== undefined) return;
  const entries = await readdir(layout.directory);
  if (entries.some((name) => !name.endsWith(TEMPORARY_SUFFIX) && !name.endsWith(LOG_SUFFIX))) {
    throw new TapwattError('DATA_DAMAGED', `${layout.directory} is not empty and has no VERSION file.`);
  }
  await writeFileAtomic(layout.version, `${DATA_SCHEMA_VERSION}\n`, { mode: 0o600 }).catch(
    (cause: unknown) => {
      throw errorCodeOf(cause) === undefined ? cause : unusable(layout, 'cannot be written', cause);
    },
  );
}

async function makeDataDirectory(directory: string): Promise<void> {
  try {
    await makeDirectory(directory);
  } catch (cause) {
    const code = errorCodeOf(cause);
    if (code === 'ENOSPC') throw new TapwattError('DISK_FULL', `No room for ${directory}.`, { cause });
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'is no directory' : `cannot be made (${code})`;
    throw new TapwattError('CONFIG_INVALID', `The data directory ${directory} ${why} (data, --data).`, {
      cause,
    });
  }
}

const unusable = ({ directory }: DataLayout, what: string, cause: unknown): TapwattError => {
  const message = `The data directory ${directory} ${what} by this user (${errorCodeOf(cause)}; data, --data).`;
  return new TapwattError('CONFIG_INVALID', message, { cause });
};

/** The version of an existing data directory, `undefined` if there is none. Throws DATA_VERSION, DATA_DAMAGED. */
async function readVersion(layout: DataLayout): Promise<number | undefined> {
  const text = await readFile(layout.version, 'utf8').catch((error: unknown) => {
    const code = errorCodeOf(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'EACCES') throw unusable(layout, 'cannot be read', error);
    throw new TapwattError('DATA_DAMAGED', `${layout.version} cannot be read.`, { cause: error });
  });
  if (text === undefined) return undefined;
  if (!/^\d{1,6}\n?$/.test(text))
    throw new TapwattError('DATA_DAMAGED', `${layout.version} holds no version.`);
  const version = Number(text);
  if (version !== DATA_SCHEMA_VERSION) {
    throw new TapwattError(
      'DATA_VERSION',
      `${layout.directory} has schema version ${version}; this program knows ${DATA_SCHEMA_VERSION}.`,
    );
  }
  return version;
}
