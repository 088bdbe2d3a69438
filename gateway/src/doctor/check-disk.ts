import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Check, Finding } from './check.ts';

const MEGABYTE = 1_048_576n;
const LITTLE = 1_024n;
/** A ledger with less room than this stops when it compacts. */
const TOO_LITTLE = 128n;

/** Room where the data directory is, or will be. */
export const checkDisk: Check = {
  name: 'disk',
  async run({ config }) {
    const { bavail, bsize, ffree, files } = await statfs(await nearest(config.dataDirectory), {
      bigint: true,
    });
    const megabytes = (bavail * bsize) / MEGABYTE;
    const says = `${megabytes} MB are free at ${config.dataDirectory}.`;
    const remedy = 'Make room; without it nothing is written, and redemptions wait.';
    if (files > 0n && ffree === 0n)
      return [{ what: 'disk', state: 'trouble', says: 'No file can be made: no inode is free.', remedy }];
    if (megabytes >= LITTLE) return [{ what: 'disk', state: 'ok', says }];
    const finding: Finding = {
      what: 'disk',
      state: megabytes < TOO_LITTLE ? 'trouble' : 'note',
      says,
      remedy,
    };
    return [finding];
  },
};

/** The directory itself, or the one that it will be made in. */
async function nearest(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  return isThere || dirname(path) === path ? path : nearest(dirname(path));
}
