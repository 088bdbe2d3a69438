import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

/** Marks a file that a crash left half written; never read. */
export const TEMPORARY_SUFFIX = '.tmp';

/** A name beside `path` that no other process has, for what becomes `path` once it is whole. */
export function temporaryNameFor(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`);
}
