import { connect } from 'node:tls';
import type { Address } from './plan.ts';

const DEADLINE_MS = 1_000;

/**
 * Whether something takes TLS connections at an address: a peer answers for its health before it does that. Who it is
 * does not matter here, and a connection without TLS would leave an error in its log.
 */
export function isListening({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: DEADLINE_MS, rejectUnauthorized: false });
    const end = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('secureConnect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

/** A node's figures by name and labels as Prometheus reads them; none when it does not answer. */
export async function metricsOf({ host, port }: Address): Promise<ReadonlyMap<string, number>> {
  try {
    const response = await fetch(`http://${host}:${port}/metrics`, {
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => line.split(/ (?=\S+$)/)).map(([name = '', value]) => [name, Number(value)]),
    );
  } catch {
    return new Map();
  }
}
