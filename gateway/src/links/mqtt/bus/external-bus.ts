import { identityOf, parseIdentity, parseTopic, TapwattError, topics } from '@tapwatt/firmware-contracts';
import { type Backoff, chanceOf, delayMs } from '../../../edges/backoff.ts';
import type { Clock, Random } from '../../../edges/edges.ts';
import {
  type BrokerConnection,
  type ConnectionLimits,
  type ConnectionOptions,
  type Connector,
  dial,
  openConnection,
} from './broker-connection.ts';
import type { MessageBus, MessageHandler, PresenceHandler } from './message-bus.ts';

export interface ExternalBusOptions {
  /** `mqtt://host:port` or `mqtts://host:port` of Mosquitto, EMQX or another gateway's broker. */
  readonly url: string;
  readonly site: string;
  /** `g-{gatewayId}`, also the client id. */
  readonly identity: string;
  readonly password: string;
  readonly limits?: Partial<ExternalBusLimits>;
  readonly backoff?: Backoff;
  readonly clock: Clock;
  readonly random: Random;
  /** The way to the broker; without it, TCP or TLS as `url` says. */
  readonly connector?: Connector;
  readonly log?: ExternalBusLog;
  /** Connected and subscribed, again after each time that the broker was away. */
  readonly onReached?: () => void;
}

export interface ExternalBusLimits extends ConnectionLimits {
  /** Identities remembered as heard of; at the bound all are forgotten, and said again. */
  readonly maxHeardOf: number;
}

export interface ExternalBusLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface ExternalBus extends MessageBus {
  /** Connected and subscribed. */
  isReady(): boolean;
}

const DEFAULT_LIMITS: ExternalBusLimits = {
  maxInFlight: 1_000,
  publishDeadlineMs: 10_000,
  connectDeadlineMs: 10_000,
  keepaliveS: 30,
  maxHeardOf: 100_000,
};

const RECONNECT: Backoff = { firstMs: 250, maxMs: 30_000 };
const DEFAULT_CLOSE_DEADLINE_MS = 2_000;
const SILENT: ExternalBusLog = { info: () => {}, warn: () => {} };

/**
 * The message bus over an external broker: clean sessions, QoS 1, nothing kept while the broker is away (publishes
 * answer `away`, the sweep presents again), reconnection with backoff for ever. Such a broker does not say who is
 * connected: `isConnected` is undefined, and presence is `true` once an identity is heard of on this connection.
 * Resolves after the first attempt, successful or not.
 */
export const createExternalBus = async (options: ExternalBusOptions): Promise<ExternalBus> => {
  const bus = new ClientBus(options);
  await bus.start();
  return bus;
};

class ClientBus implements ExternalBus {
  readonly #options: ExternalBusOptions;
  readonly #limits: ExternalBusLimits;
  readonly #log: ExternalBusLog;
  readonly #connectionOptions: ConnectionOptions;
  readonly #messageHandlers: MessageHandler[] = [];
  readonly #presenceHandlers: PresenceHandler[] = [];
  readonly #heardOf = new Set<string>();
  #connection: BrokerConnection | undefined;
  #attempt = 0;
  #cancelRetry: () => void = () => undefined;
  #connecting: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: ExternalBusOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#log = options.log ?? SILENT;
    this.#connectionOptions = connectionOptionsOf(options, this.#limits, (topic, body) =>
      this.#deliver(topic, body),
    );
  }

  start(): Promise<void> {
    this.#connecting = this.#connect();
    return this.#connecting;
  }

  isReady(): boolean {
    return this.#connection !== undefined;
  }

  async publish(topic: string, payload: Uint8Array, { retain = false } = {}) {
    const parsed = parseTopic(this.#options.site, topic);
    if (parsed === undefined || parsed.channel.startsWith('up/') || (retain && parsed.who !== 'gateway')) {
      throw new TapwattError(
        'BAD_REQUEST',
        `A gateway does not publish ${retain ? 'retained ' : ''}on ${topic}`,
      );
    }
    return this.#connection?.publish(topic, payload, retain) ?? 'away';
  }

  onMessage(handler: MessageHandler): void {
    this.#messageHandlers.push(handler);
  }

  onPresence(handler: PresenceHandler): void {
    this.#presenceHandlers.push(handler);
  }

  isConnected(): undefined {
    return undefined;
  }

  async close({ deadlineMs = DEFAULT_CLOSE_DEADLINE_MS } = {}): Promise<void> {
    this.#closed = true;
    this.#cancelRetry();
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close(deadlineMs);
    if (connection === undefined) await this.#connecting;
  }

  async #connect(): Promise<void> {
    try {
      const connection = await openConnection(this.#connectionOptions);
      if (this.#closed) return await connection.close(0);
      this.#use(connection);
    } catch (error) {
      this.#log.warn({ err: error, url: this.#options.url }, 'the MQTT broker cannot be used');
      this.#retryLater();
    }
  }

  #use(connection: BrokerConnection): void {
    this.#connection = connection;
    this.#attempt = 0;
    this.#heardOf.clear();
    this.#log.info({ url: this.#options.url }, 'connected to the MQTT broker');
    this.#options.onReached?.();
    connection.ended.then(() => {
      if (this.#connection !== connection) return;
      this.#connection = undefined;
      this.#log.warn({ url: this.#options.url }, 'the MQTT broker is gone');
      this.#retryLater();
    });
  }

  #retryLater(): void {
    if (this.#closed) return;
    const { backoff = RECONNECT, clock, random } = this.#options;
    const pauseMs = delayMs(backoff, this.#attempt++, chanceOf(random));
    this.#cancelRetry = clock.after(pauseMs, () => void this.start());
  }

  #deliver(topic: string, payload: Uint8Array): void {
    const parsed = parseTopic(this.#options.site, topic);
    if (parsed === undefined) return;
    const from = identityOf(parsed);
    this.#hear(from);
    for (const handler of this.#messageHandlers) handler(topic, payload, from);
  }

  #hear(identity: string): void {
    if (this.#heardOf.has(identity)) return;
    if (this.#heardOf.size >= this.#limits.maxHeardOf) this.#heardOf.clear();
    this.#heardOf.add(identity);
    for (const handler of this.#presenceHandlers) handler(identity, true);
  }
}

/** Throws BAD_REQUEST for an identity that is no gateway's. */
const connectionOptionsOf = (
  { url, site, identity, password, clock, connector = dial }: ExternalBusOptions,
  limits: ConnectionLimits,
  message: ConnectionOptions['message'],
): ConnectionOptions => {
  const own = parseIdentity(identity);
  if (own?.who !== 'gateway') throw new TapwattError('BAD_REQUEST', `${identity} is no gateway's identity.`);
  const { filters, gateway } = topics(site);
  const payload = Buffer.from(JSON.stringify({ state: 'offline' }));
  return {
    ...{ url, identity, password, limits, clock, connector, message },
    filters: [filters.metersUp, filters.handsetsUp],
    will: { topic: gateway(own.id).status, payload },
  };
};
