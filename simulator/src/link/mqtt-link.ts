import { MqttClient } from 'mqtt';
import type { Random } from '../time/random.ts';
import type { Time } from '../time/time.ts';
import { type Backoff, backoffDelay, RECONNECT_BACKOFF } from './backoff.ts';
import type { Link, LinkFactory, LinkHandlers, LinkIdentity } from './link.ts';
import type { Connector } from './tcp.ts';

export interface MqttLinkOptions {
  readonly connector: Connector;
  readonly time: Time;
  readonly random: Random;
  readonly keepaliveS?: number;
  /** How long a CONNACK and a SUBACK together may take. */
  readonly connectDeadlineMs?: number;
  /** Publishes without PUBACK at one time; what comes beyond is dropped. */
  readonly maxInFlight?: number;
  readonly backoff?: Backoff;
}

const DEFAULTS = {
  keepaliveS: 30,
  connectDeadlineMs: 10_000,
  maxInFlight: 1_024,
  backoff: RECONNECT_BACKOFF,
};
const REFUSED = 128;
const CLOSE_DEADLINE_MS = 1_000;

type Settings = Required<MqttLinkOptions>;

/**
 * A link over MQTT 3.1.1 (WIRE.md "MQTT"): clean session, QoS 1, client id = identity. Every attempt is a client of its
 * own, because mqtt.js would send publishes of the lost connection again, and an old status must not follow a newer one.
 */
class MqttLink implements Link {
  readonly #identity: LinkIdentity;
  readonly #handlers: LinkHandlers;
  readonly #settings: Settings;
  #client: MqttClient | undefined;
  #isUp = false;
  #inFlight = 0;
  #attempt = 0;
  #cancelTimer: () => void = () => {};
  #isWanted = false;

  constructor(identity: LinkIdentity, handlers: LinkHandlers, settings: Settings) {
    this.#identity = identity;
    this.#handlers = handlers;
    this.#settings = settings;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  connect(): void {
    this.#isWanted = true;
    if (this.#client === undefined) this.#open();
  }

  publish(topic: string, payload: Uint8Array): boolean {
    const client = this.#client;
    if (client === undefined || !this.#isUp || this.#inFlight >= this.#settings.maxInFlight) return false;
    this.#inFlight += 1;
    client.publish(topic, Buffer.from(payload.buffer, payload.byteOffset, payload.length), { qos: 1 }, () => {
      if (client === this.#client) this.#inFlight -= 1;
    });
    return true;
  }

  drop(): void {
    this.#isWanted = false;
    this.#cancelTimer();
    this.#client?.end(true);
    this.#lost('dropped');
  }

  async close(): Promise<void> {
    const client = this.#client;
    const sayGoodbye = this.#isUp;
    this.#isWanted = false;
    this.#cancelTimer();
    this.#client = undefined;
    this.#isUp = false;
    if (client === undefined) return;
    await this.#end(client, !sayGoodbye);
  }

  #end(client: MqttClient, force: boolean): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#settings.time.after(CLOSE_DEADLINE_MS, () => {
        client.end(true);
        resolve();
      });
      client.end(force, () => {
        cancel();
        resolve();
      });
    });
  }

  #open(): void {
    const { connector, keepaliveS, connectDeadlineMs, time } = this.#settings;
    const client = new MqttClient(() => connector(), {
      clientId: this.#identity.identity,
      username: this.#identity.identity,
      password: this.#identity.password,
      protocolVersion: 4,
      clean: true,
      keepalive: keepaliveS,
      connectTimeout: connectDeadlineMs,
      reconnectPeriod: 0,
      resubscribe: false,
      timerVariant: 'native',
      log: () => {},
    });
    this.#client = client;
    this.#inFlight = 0;
    let reason = 'the connection was closed';
    const giveUp = (why: string): void => {
      reason = why;
      client.end(true);
      if (client === this.#client) this.#lost(why);
    };
    this.#cancelTimer = time.after(connectDeadlineMs, () => giveUp('no answer to CONNECT in time'));
    client.on('error', (error) => giveUp(error.message));
    client.on('close', () => {
      if (client === this.#client) this.#lost(reason);
    });
    client.on('message', (topic, payload) => {
      if (client !== this.#client) return;
      this.#becomeUp(); // a message may overtake the callback of SUBACK
      this.#handlers.message(topic, payload);
    });
    client.on('connect', () => this.#subscribe(client, giveUp));
  }

  #subscribe(client: MqttClient, giveUp: (why: string) => void): void {
    client.subscribe([...this.#identity.filters], { qos: 1 }, (error, granted) => {
      if (client !== this.#client) return;
      const refused = granted?.find((grant) => grant.qos === REFUSED);
      if (error || refused) return giveUp(error?.message ?? `subscription refused: ${refused?.topic}`);
      this.#becomeUp();
    });
  }

  #becomeUp(): void {
    if (this.#isUp) return;
    this.#cancelTimer();
    this.#attempt = 0;
    this.#isUp = true;
    this.#handlers.up();
  }

  #lost(reason: string): void {
    const { backoff, random, time } = this.#settings;
    this.#cancelTimer();
    this.#client = undefined;
    this.#isUp = false;
    this.#handlers.down(reason);
    if (!this.#isWanted) return;
    this.#cancelTimer = time.after(backoffDelay(backoff, this.#attempt++, random), () => this.#open());
  }
}

/** Links over MQTT through the given connector. */
export const mqttLinks =
  (options: MqttLinkOptions): LinkFactory =>
  (identity, handlers) =>
    new MqttLink(identity, handlers, { ...DEFAULTS, ...options });
