import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { replaceFile } from './replace-file.ts';
import type { RequestStore } from './request-store.ts';
import { isStoredRequest, type StoredRequest } from './stored-request.ts';

const SUFFIX = '.json';

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
    put: (request) => replaceFile(pathOf(request.requestId), JSON.stringify(request)),
    remove: (requestId) => rmSync(pathOf(requestId), { force: true }),
  };
};
