import { type ParsedTopic, parseTopic, TapwattError } from '@tapwatt/firmware-contracts';
import type { Aedes } from 'aedes';
import type { BrokerLimits } from './limits.ts';
import type { BrokerLog } from './log.ts';
import { nextPacketId, publishPacket } from './publish-packet.ts';
import type { PresenceListener, Session, Sessions } from './sessions.ts';

/** `handed-over`: written to the device's connection. `away`: nobody listens there, and nothing is kept. */
export type Handover = 'handed-over' | 'away';

export type MessageListener = (topic: string, payload: Uint8Array, from: string) => void;

/** The gateway's own side of the broker, in the same process. */
export interface BrokerLeg {
  /**
   * QoS 1 to the one device that the topic names, written straight to its connection; or, on a gateway's status
   * topic, to the broker. Rejects with BUSY when the device is behind by `busyBytes`, BAD_REQUEST on any other topic.
   */
  publish(topic: string, payload: Uint8Array, options?: { readonly retain?: boolean }): Promise<Handover>;
  /** Every message a device publishes, before its PUBACK. The handler must not throw and must not wait. */
  onMessage(handler: MessageListener): void;
  /** `true` when an identity begins to listen (again), `false` when it is gone; who listens already is told at once. */
  onPresence(handler: PresenceListener): void;
  isConnected(identity: string): boolean;
  /** Ends this leg's handlers; later publishes answer `away`. */
  close(): void;
}

export interface LegOptions {
  readonly site: string;
  readonly limits: BrokerLimits;
  readonly sessions: Sessions;
  readonly aedes: Aedes;
  readonly log: BrokerLog;
  readonly counters: { out: number; busy: number };
}

/** All legs of one broker. */
export interface Legs {
  open(): BrokerLeg;
  deliver: MessageListener;
  closeAll(): void;
}

export const createLegs = (options: LegOptions): Legs => {
  const open = new Map<BrokerLeg, Set<MessageListener>>();
  return {
    open: () => {
      const handlers = new Set<MessageListener>();
      const leg = createLeg(options, handlers, () => open.delete(leg));
      open.set(leg, handlers);
      return leg;
    },
    deliver: (topic, payload, from) => {
      for (const handlers of open.values()) {
        for (const handler of handlers) callSafely(options.log, () => handler(topic, payload, from));
      }
    },
    closeAll: () => {
      for (const leg of [...open.keys()]) leg.close();
    },
  };
};

const createLeg = (options: LegOptions, handlers: Set<MessageListener>, closed: () => void): BrokerLeg => {
  const { site, sessions } = options;
  const unsubscribes: (() => void)[] = [];
  let isClosed = false;
  return {
    publish: async (topic, payload, { retain = false } = {}) => {
      const parsed = parseTopic(site, topic);
      if (parsed === undefined || parsed.channel.startsWith('up/') || (retain && parsed.who !== 'gateway')) {
        throw new TapwattError(
          'BAD_REQUEST',
          `A gateway does not publish ${retain ? 'retained ' : ''}on ${topic}`,
        );
      }
      if (isClosed) return 'away';
      if (parsed.who === 'gateway') return publishStatus(options.aedes, topic, payload, retain);
      const session = sessions.get(identityIn(parsed));
      return session === undefined ? 'away' : handOver(options, session, topic, payload);
    },
    onMessage: (handler) => handlers.add(handler),
    onPresence: (handler) => {
      const safely: PresenceListener = (identity, connected) =>
        callSafely(options.log, () => handler(identity, connected));
      unsubscribes.push(sessions.onPresence(safely));
      for (const identity of sessions.listening()) safely(identity, true);
    },
    isConnected: (identity) => !isClosed && sessions.isConnected(identity),
    close: () => {
      isClosed = true;
      handlers.clear();
      for (const unsubscribe of unsubscribes.splice(0)) unsubscribe();
      closed();
    },
  };
};

const identityIn = ({ who, id }: ParsedTopic): string => `${who === 'meter' ? 'm' : 'h'}-${id}`;

const handOver = (options: LegOptions, session: Session, topic: string, payload: Uint8Array): Handover => {
  const { stream } = session;
  if (!listensTo(session, topic) || stream.destroyed) return 'away';
  if (stream.pendingBytes >= options.limits.busyBytes) {
    options.counters.busy++;
    throw new TapwattError('BUSY', `${session.grant.identity} is behind by ${stream.pendingBytes} bytes.`);
  }
  session.packetId = nextPacketId(session.packetId);
  stream.write(publishPacket(topic, session.packetId, payload));
  options.counters.out++;
  return 'handed-over';
};

const listensTo = ({ filters }: Session, topic: string): boolean => {
  if (filters.has(topic)) return true;
  const parent = topic.slice(0, topic.lastIndexOf('/'));
  return filters.has(`${parent}/+`) || filters.has(`${parent}/#`);
};

const publishStatus = (
  aedes: Aedes,
  topic: string,
  payload: Uint8Array,
  retain: boolean,
): Promise<Handover> =>
  new Promise((resolve, reject) => {
    const packet = {
      cmd: 'publish',
      topic,
      payload: Buffer.from(payload),
      qos: 1,
      retain,
      dup: false,
    } as const;
    aedes.publish(packet, (error) => (error ? reject(error) : resolve('handed-over')));
  });

const callSafely = (log: BrokerLog, call: () => void): void => {
  try {
    call();
  } catch (error) {
    log.error({ err: error }, 'a handler of the gateway’s leg threw');
  }
};
