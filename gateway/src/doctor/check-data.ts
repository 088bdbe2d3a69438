import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { errorCodeOf } from '../data/atomic-file.ts';
import { dataLayout } from '../data/layout.ts';
import { isOpenToOthers } from '../keys/key-file.ts';
import type { Check, Finding } from './check.ts';

/** The data directory: may this user work in it, and nobody else read its keys? */
export const checkData: Check = {
  name: 'data directory',
  async run({ config }) {
    const layout = dataLayout(config.dataDirectory);
    const trouble = await accessTrouble(layout.directory);
    if (trouble === 'ENOENT') {
      const says = `${layout.directory} is not there yet; the first start makes it.`;
      return [{ what: 'data directory', state: 'note', says }];
    }
    if (trouble === 'ENOTDIR') return [noDirectory(layout.directory)];
    if (trouble !== undefined) return [unusable(layout.directory, trouble)];
    const open = await readableByOthers(layout.keys);
    const found: Finding = { what: 'data directory', state: 'ok', says: `${layout.directory} can be used.` };
    return [found, ...open.map(openToOthers)];
  },
};

async function accessTrouble(path: string): Promise<string | undefined> {
  try {
    if (!(await stat(path)).isDirectory()) return 'ENOTDIR';
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return errorCodeOf(error) ?? 'unknown';
  }
}

const noDirectory = (path: string): Finding => ({
  what: 'data directory',
  state: 'trouble',
  says: `${path} is no directory.`,
  remedy: 'Correct data in tapwatt.yaml, or --data.',
});

const unusable = (directory: string, code: string): Finding => ({
  what: 'data directory',
  state: 'trouble',
  says: `${directory} cannot be used by this user: ${code}.`,
  remedy: `Run as its owner, or as root: chown -R ${userName()} ${directory}`,
});

/** By its number where the system has no name for it, as in a container. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
}

async function readableByOthers(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const paths = names.filter((name) => name.endsWith('.key')).map((name) => join(folder, name));
  const modes = await Promise.all(paths.map(async (path) => ({ path, mode: (await stat(path)).mode })));
  return modes.filter(({ mode }) => isOpenToOthers(mode)).map(({ path }) => path);
}

const openToOthers = (path: string): Finding => ({
  what: 'key file',
  state: 'trouble',
  says: `${path} can be read by others.`,
  remedy: `chmod 600 ${path}; who has read it has the key: tapwatt key rotate`,
});
