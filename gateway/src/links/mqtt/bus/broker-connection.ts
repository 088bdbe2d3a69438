import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { type IClientOptions, MqttClient } from 'mqtt';
import type { Clock } from '../../../edges/edges.ts';
import type { Handover } from '../../../redemption/meter-link.ts';

/** Opens a byte stream to the broker of this URL; called once per attempt. */
export type Connector = (url: URL) => Duplex;

export interface ConnectionOptions {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly url: string;
  readonly identity: string;
  readonly password: string;
  readonly filters: readonly string[];
  /** What the broker says for this gateway when it vanishes; retained. */
  readonly will: { readonly topic: string; readonly payload: Uint8Array };
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  readonly connector: Connector;
  message(topic: string, payload: Uint8Array): void;
}

export interface ConnectionLimits {
  /** Messages handed to the broker and not acknowledged yet; one more is BUSY. */
  readonly maxInFlight: number;
  /** From the hand-over to the broker's PUBACK. */
  readonly publishDeadlineMs: number;
  /** From the dial to the last SUBACK. */
  readonly connectDeadlineMs: number;
  readonly keepaliveS: number;
}

/** One connection to an external broker, with every filter granted; used until `ended`, never again. */
export interface BrokerConnection {
  publish(topic: string, payload: Uint8Array, retain: boolean): Promise<Handover>;
  readonly ended: Promise<void>;
  /** Waits for what is in flight, says good-bye; over at `deadlineMs` at the latest. */
  close(deadlineMs: number): Promise<void>;
}

const REFUSED_FILTER = 128;

/** Connects and subscribes; rejects with what the network or the broker said. */
export const openConnection = async (options: ConnectionOptions): Promise<BrokerConnection> => {
  const client = new MqttClient(() => options.connector(new URL(options.url)), clientOptions(options));
  const ended = new Promise<void>((resolve) => client.once('close', resolve));
  client.on('error', () => client.end(true));
  client.on('message', (topic, payload) => options.message(topic, payload));
  try {
    await within(options.clock, options.limits.connectDeadlineMs, ready(client, options));
  } catch (error) {
    client.end(true);
    throw error;
  }
  return connectionOver(client, ended, options);
};

const clientOptions = ({ identity, password, will, limits }: ConnectionOptions): IClientOptions => ({
  clientId: identity,
  username: identity,
  password,
  clean: true,
  protocolVersion: 4,
  reconnectPeriod: 0,
  resubscribe: false,
  queueQoSZero: false,
  keepalive: limits.keepaliveS,
  connectTimeout: limits.connectDeadlineMs,
  will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
});

/** TCP or TLS, as the URL says. Small packets must leave at once, which mqtt.js does not ask for by itself. */
export const dial: Connector = (url) => {
  const secure = url.protocol === 'mqtts:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const address = { host, port: Number(url.port || (secure ? 8883 : 1883)) };
  const socket = secure ? connectTls({ ...address, servername: host }) : connectTcp(address);
  return socket.setNoDelay(true);
};

const ready = (client: MqttClient, { filters }: ConnectionOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    client.once('error', reject);
    client.once('close', () => reject(new Error('The broker closed the connection.')));
    client.once('connect', () => {
      client.subscribe([...filters], { qos: 1 }, (error, granted) => {
        const refused = granted?.filter(({ qos }) => (qos as number) === REFUSED_FILTER) ?? [];
        if (error) reject(error);
        else if (refused.length > 0)
          reject(new Error(`refused filters: ${refused.map(({ topic }) => topic).join(' ')}`));
        else resolve();
      });
    });
  });

const connectionOver = (
  client: MqttClient,
  ended: Promise<void>,
  { limits, clock }: Pick<ConnectionOptions, 'limits' | 'clock'>,
): BrokerConnection => {
  /** How to end each hand-over for which no PUBACK will come any more. */
  const inFlight = new Set<() => void>();
  let idle = () => {};
  ended.then(() => {
    for (const giveUp of inFlight) giveUp();
  });
  return {
    ended,
    publish: async (topic, payload, retain) => {
      if (!client.connected) return 'away';
      if (inFlight.size >= limits.maxInFlight) {
        throw new TapwattError('BUSY', `${inFlight.size} messages wait for the broker.`);
      }
      const outgoing = { topic, payload, retain, deadlineMs: limits.publishDeadlineMs };
      const handover = handOver(client, clock, outgoing);
      inFlight.add(handover.giveUp);
      return handover.outcome.finally(() => {
        inFlight.delete(handover.giveUp);
        if (inFlight.size === 0) idle();
      });
    },
    close: async (deadlineMs) => {
      const quiet = new Promise<void>((resolve) => {
        idle = resolve;
        if (inFlight.size === 0) resolve();
      });
      await within(clock, deadlineMs / 2, quiet).catch(() => {});
      await within(clock, deadlineMs / 2, client.endAsync()).catch(() => {});
      client.end(true);
      client.stream.destroy();
    },
  };
};

interface Outgoing {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
  readonly deadlineMs: number;
}

/** Ends with the PUBACK; a connection lost before it means `away`: whether the message got through is not known. */
const handOver = (client: MqttClient, clock: Clock, { topic, payload, retain, deadlineMs }: Outgoing) => {
  const { promise, resolve, reject } = Promise.withResolvers<Handover>();
  const cancelLate = clock.after(deadlineMs, () => {
    reject(new TapwattError('DEADLINE', `The broker did not acknowledge ${topic} in ${deadlineMs} ms.`));
    if (packetId !== undefined) client.removeOutgoingMessage(packetId);
  });
  client.publish(topic, asBuffer(payload), { qos: 1, retain }, (error) =>
    resolve(error ? 'away' : 'handed-over'),
  );
  const packetId = client.getLastMessageId();
  return { outcome: promise.finally(cancelLate), giveUp: () => resolve('away') };
};

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

const within = async <T>(clock: Clock, deadlineMs: number, work: Promise<T>): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cancel = clock.after(deadlineMs, () => reject(new TapwattError('DEADLINE')));
  return Promise.race([work, late]).finally(cancel);
};
