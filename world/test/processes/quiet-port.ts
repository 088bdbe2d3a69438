import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what systems give to connections that go out, which could take the port while its program is dead. */
const FROM = 20_000;
const TO = 32_000;
const ATTEMPTS = 50;

/** A port that stays free for a program that is killed and comes back. */
export async function quietPort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM));
    if (await isFree(port)) return port;
  }
  throw new Error(`None of ${ATTEMPTS} ports from ${FROM} to ${TO} is free.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
