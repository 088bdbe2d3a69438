import { createServer } from 'node:net';
import { NetworkError } from './network-error.ts';

/** Below the ports that systems hand out by themselves, so that no outgoing connection takes one meanwhile. */
const FIRST = 10_240;
const LAST = 32_000;
const BLOCK = 32;

/**
 * The first of `count` consecutive ports of the loopback that are free. Where the search begins depends on the process,
 * so that networks made at the same time do not look at the same ports.
 */
export async function findFreePorts(count: number, processId: number): Promise<number> {
  const blocks = Math.floor((LAST - FIRST) / BLOCK);
  if (count > BLOCK) throw new Error(`at most ${BLOCK} ports`);
  for (let n = 0; n < blocks; n++) {
    const first = FIRST + ((processId + n) % blocks) * BLOCK;
    if (await areFree(first, count)) return first;
  }
  throw new NetworkError('failed', `No ${count} free ports in a row between ${FIRST} and ${LAST}.`);
}

export async function areFree(first: number, count: number): Promise<boolean> {
  const ports = Array.from({ length: count }, (_, n) => first + n);
  const free = await Promise.all(ports.map(isFree));
  return free.every(Boolean);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
