import { topics } from '@tapwatt/firmware-contracts';
import { afterEach, vi } from 'vitest';
import { assembleBroker, type Broker, type BrokerOptions } from '../src/broker.ts';
import { ALL_CURES, type Cures } from '../src/cures.ts';
import type { BrokerLimits } from '../src/limits.ts';
import { systemTime } from '../src/system-time.ts';
import type { RawClient } from './raw-client.ts';

export const SITE = 'test';
export const site = topics(SITE);
export const root = `tw/v1/${SITE}`;

export interface Setup {
  readonly cures?: Partial<Cures>;
  readonly limits?: Partial<BrokerLimits>;
  readonly authenticate?: BrokerOptions['authenticate'];
}

export interface Running {
  readonly broker: Broker;
  readonly port: number;
}

const running: Broker[] = [];
const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.stream.destroy();
  await Promise.all(running.splice(0).map((broker) => broker.close({ deadlineMs: 500 })));
});

/** A real broker on a free port, closed after the test; every password `right` is right. */
export const start = async ({ cures, limits, authenticate }: Setup = {}): Promise<Running> => {
  const broker = await assembleBroker(
    {
      site: SITE,
      time: systemTime,
      authenticate: authenticate ?? (async (_identity, secret) => Buffer.from(secret).toString() === 'right'),
      ...(limits === undefined ? {} : { limits }),
    },
    { ...ALL_CURES, ...cures },
  );
  running.push(broker);
  const { port } = await broker.listen({ host: '127.0.0.1', port: 0 });
  return { broker, port };
};

/** Has a client's connection ended with the test. */
export const kept = <C extends RawClient>(client: C): C => {
  clients.push(client);
  return client;
};

/** What a rate-limited default would slow down in a test of something else. */
export const FAST: Partial<BrokerLimits> = {
  inboundPerSecond: {
    meter: Number.POSITIVE_INFINITY,
    handset: Number.POSITIVE_INFINITY,
    gateway: Number.POSITIVE_INFINITY,
  },
};

/** Waits for a condition that nothing announces. */
export const eventually = async (reached: () => boolean): Promise<void> => {
  await vi.waitUntil(reached, { timeout: 20_000, interval: 5 });
};

/** Settles to `late` when nothing came of `promise` within the deadline. */
export const within = async <T>(promise: Promise<T>, deadlineMs: number): Promise<T | 'late'> => {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => resolve('late'), deadlineMs);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};
