import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import type { RequestStore } from './request-store.ts';
import { isStoredRequest, type StoredRequest } from './stored-request.ts';

const SUFFIX = '.json';
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

const read = (path: string): StoredRequest => {
  const damaged = (cause?: unknown): TapwattError =>
    new TapwattError('DATA_DAMAGED', `${path}: not a stored request. Move it away to go on without it.`, {
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw damaged(cause);
  }
  if (!isStoredRequest(value)) throw damaged();
  return value;
};

/**
 * Requests as files of a directory, one each, written beside and moved into place. `load` throws DATA_DAMAGED naming a
 * file that is none; `put` throws DISK_FULL, or what `node:fs` throws.
 */
export const fileRequestStore = (directory: string): RequestStore => {
  mkdirSync(directory, { recursive: true });
  const pathOf = (requestId: string): string => join(directory, `${requestId}${SUFFIX}`);
  return {
    load: () =>
      readdirSync(directory)
        .filter((name) => name.endsWith(SUFFIX))
        .map((name) => read(join(directory, name)))
        .sort((a, b) => a.madeAtMs - b.madeAtMs),
    put: (request) => {
      const path = pathOf(request.requestId);
      try {
        syncFile(`${path}.new`, 'w', (file) => writeSync(file, JSON.stringify(request)));
        renameSync(`${path}.new`, path);
        syncFile(directory, 'r', () => {});
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause;
        throw new TapwattError('DISK_FULL', `No room to store request ${request.requestId}.`, { cause });
      }
    },
    remove: (requestId) => rmSync(pathOf(requestId), { force: true }),
  };
};
