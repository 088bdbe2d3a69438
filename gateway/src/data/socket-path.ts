import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { errorCodeOf } from './atomic-file.ts';

/** The system truncates longer ones (sun_path of Linux is 108 bytes with its end). */
const MAX_SOCKET_PATH_BYTES = 107;
const PROBE_TIMEOUT_MS = 2_000;

/**
 * Makes the path of a Unix socket free to listen on: removes one that a killed process left, never one that
 * somebody answers, and never a file that is no socket. Throws DATA_LOCKED, DATA_DAMAGED, CONFIG_INVALID.
 */
export async function freeSocketPath(path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new TapwattError(
      'CONFIG_INVALID',
      `${path} is longer than the ${MAX_SOCKET_PATH_BYTES} bytes of a socket path: choose a shorter data directory.`,
    );
  }
  const stat = await lstat(path).catch((error: unknown) => {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw new TapwattError('DATA_DAMAGED', `${path} is in the way and is no socket.`);
  if (await isAnswered(path)) throw new TapwattError('DATA_LOCKED', `A gateway already answers at ${path}.`);
  await unlink(path);
}

const NOBODY = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTDIR']);
const notAllowed = (path: string, cause: Error): TapwattError =>
  new TapwattError('UNAUTHORIZED', `${path} may not be opened by this user.`, { cause });

/** Whether a process listens on a Unix socket. */
export function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.setTimeout(PROBE_TIMEOUT_MS, () => settle(() => resolve(true)));
    socket.once('connect', () => settle(() => resolve(true)));
    socket.once('error', (error) => {
      const code = errorCodeOf(error) ?? '';
      if (NOBODY.has(code)) return settle(() => resolve(false));
      settle(() => reject(code === 'EACCES' ? notAllowed(path, error) : error));
    });
    function settle(outcome: () => void): void {
      socket.destroy();
      outcome();
    }
  });
}
