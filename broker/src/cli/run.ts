import { isMqttPassword, TapwattError } from '@tapwatt/firmware-contracts';
import type { Broker } from '../broker.ts';
import { createBroker } from '../create-broker.ts';
import type { BrokerLog } from '../log.ts';
import type { BrokerTime } from '../time.ts';
import type { RunOptions } from './options.ts';
import { readMqttKey } from './read-mqtt-key.ts';
import { readTls } from './read-tls.ts';

/** What tells that it is ready, and when it is to stop. */
export interface RunEdges {
  readonly time: BrokerTime;
  readonly log: BrokerLog;
  readonly ready: (port: number) => void;
  readonly stopped: Promise<void>;
}

const CLOSE_DEADLINE_MS = 2_000;
const NOT_TO_BE_HAD = new Set(['EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND']);

/**
 * Runs the broker until `stopped`. Who may connect is decided by the password alone, for it has no ledger to ask.
 * Throws KEY_FILE, DEVELOPMENT_KEYS, CONFIG_INVALID, PORT_IN_USE.
 */
export const run = async (options: RunOptions, { time, log, ready, stopped }: RunEdges): Promise<void> => {
  const key = await readMqttKey(options.keyFile, options.profile);
  const tls = await readTls(options);
  const broker = await createBroker({
    site: options.site,
    time,
    authenticate: async (identity, secret) => isMqttPassword(key, identity, secret),
    limits: {
      maxConnections: options.maxConnections,
      maxPacketBytes: options.maxPacketBytes,
      maxPendingBytes: options.maxBufferedBytesPerClient,
      connectTimeoutMs: options.connectTimeoutMs,
    },
    log,
  });
  try {
    const { host, port } = options;
    ready(await listen(broker, { host, port, ...(tls && { tls }) }));
    await stopped;
  } finally {
    await broker.close({ deadlineMs: CLOSE_DEADLINE_MS });
  }
};

const listen = async (broker: Broker, address: Parameters<Broker['listen']>[0]): Promise<number> => {
  try {
    return (await broker.listen(address)).port;
  } catch (cause) {
    if (!NOT_TO_BE_HAD.has((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
    const where = `${address.host}:${address.port}`;
    throw new TapwattError('CONFIG_INVALID', `Cannot listen on ${where} (--host, --port).`, { cause });
  }
};
