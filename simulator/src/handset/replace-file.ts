import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';

const MODE = 0o600;

const syncFile = (path: string, flags: string, write: (file: number) => void): void => {
  const file = openSync(path, flags, MODE);
  try {
    write(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};

/** Writes a file beside and moves it into place, durable when it returns. Throws DISK_FULL, or what `node:fs` throws. */
export const replaceFile = (path: string, text: string): void => {
  try {
    syncFile(`${path}.new`, 'w', (file) => writeSync(file, text));
    renameSync(`${path}.new`, path);
    syncFile(dirname(path), 'r', () => {});
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause;
    throw new TapwattError('DISK_FULL', `No room to write ${path}.`, { cause });
  }
};
