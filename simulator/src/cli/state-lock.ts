import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';

const socketOf = (directory: string): string => {
  const name = createHash('sha256').update(realpathSync(directory)).digest('hex').slice(0, 24);
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\tapwatt-sim-${name}`
    : join(tmpdir(), `tapwatt-sim-${name}.sock`);
};

const listen = (path: string): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(path, () => resolve(server));
  });

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/**
 * Makes the directory and holds it for this process: two simulators on one would write each other's memories. What a
 * killed process left does not hold it. Throws DATA_LOCKED; the function it returns lets go.
 */
export const lockState = async (directory: string): Promise<() => void> => {
  mkdirSync(directory, { recursive: true });
  const path = socketOf(directory);
  let server = await listen(path);
  if (server === undefined && !(await answers(path))) {
    rmSync(path, { force: true });
    server = await listen(path);
  }
  if (server === undefined)
    throw new TapwattError(
      'DATA_LOCKED',
      `Another simulator uses ${directory}. Stop it, or choose another --state.`,
    );
  server.unref();
  return () => server.close();
};
