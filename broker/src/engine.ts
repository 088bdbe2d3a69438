import { Aedes, type AedesOptions, type Client } from 'aedes';
import type { Cures } from './cures.ts';
import type { Hooks } from './hooks.ts';
import type { BrokerLimits } from './limits.ts';
import type { BrokerLog } from './log.ts';
import type { Sessions } from './sessions.ts';

export interface EngineOptions {
  readonly limits: BrokerLimits;
  readonly cures: Cures;
  readonly hooks: Hooks;
  readonly sessions: Sessions;
  readonly log: BrokerLog;
  /** A client was cut, by itself or by the broker. */
  ended(reason: string): void;
}

/** SUBACK return code of a refused filter (MQTT 3.1.1 section 3.9.3). */
const REFUSED_FILTER = 128;

/** aedes with its options and events wired to the hooks and the sessions; listening to nothing yet. */
export const createEngine = async (options: EngineOptions): Promise<Aedes> => {
  const aedes = await Aedes.createBroker({ ...engineOptions(options), ...options.hooks.options });
  aedes.on('client', (client) => register(options, aedes, client));
  aedes.on('clientReady', (client) => letIn(options, client));
  aedes.on('clientDisconnect', (client) => options.sessions.ended(client.id, client));
  aedes.on('subscribe', (subscriptions, client) => {
    const granted = subscriptions
      .filter(({ qos }) => (qos as number) !== REFUSED_FILTER)
      .map(({ topic }) => topic);
    const session = options.sessions.get(client.id);
    if (session?.client === client) options.sessions.subscribed(session, granted);
  });
  aedes.on('unsubscribe', (filters, client) => {
    const session = options.sessions.get(client.id);
    if (session?.client === client) for (const filter of filters) session.filters.delete(filter);
  });
  const ended = new WeakSet<Client>();
  for (const event of ['clientError', 'connectionError'] as const) {
    aedes.on(event, (client, error) => {
      if (ended.has(client)) return;
      ended.add(client);
      const reason = reasonOf(error);
      options.ended(reason);
      options.log.warn({ identity: client.id, reason, err: error }, 'client ended');
    });
  }
  return aedes;
};

const engineOptions = ({ limits, cures }: EngineOptions): AedesOptions => ({
  concurrency: cures.unboundRouting ? 0 : 100,
  drainTimeout: limits.stallTimeoutMs,
  connectTimeout: limits.connectTimeoutMs,
  maxTopicLevels: MAX_TOPIC_LEVELS,
  maxInflightInbound: MAX_INFLIGHT_QOS_2,
});

/** Our longest topic has seven levels. */
const MAX_TOPIC_LEVELS = 8;
/** QoS 2 is refused by the rules before anything is stored. */
const MAX_INFLIGHT_QOS_2 = 1;

const register = ({ hooks, sessions, cures }: EngineOptions, aedes: Aedes, client: Client): void => {
  const admitted = hooks.admitted(client);
  if (admitted === undefined) return;
  if (cures.forgetDuplicates) forgetDuplicates(aedes, client);
  const { grant, stream, claim } = admitted;
  if (!client.closed) sessions.open({ grant, client, stream, filters: new Set(), packetId: 0 });
  claim.settle();
};

const letIn = ({ hooks, limits }: EngineOptions, client: Client): void => {
  const admitted = hooks.admitted(client);
  admitted?.stream.letIn(limits.inboundPerSecond[admitted.grant.who]);
};

/**
 * aedes takes a message whose number is not above the last one delivered for a duplicate, though messages of
 * different QoS overtake each other. With one broker and no overlapping filters there are no duplicates to find.
 */
const forgetDuplicates = (aedes: Aedes, client: Client): void => {
  const forgetful = Object.defineProperty({}, aedes.id, { get: () => 0, set: () => {} });
  Object.assign(client, { duplicates: forgetful });
};

/** One of few words: what clients send must not become names of counters. */
const reasonOf = (error: Error & { reason?: unknown; code?: unknown }): string => {
  if (typeof error.reason === 'string') return error.reason;
  return typeof error.code === 'string' ? 'connection' : 'protocol';
};
