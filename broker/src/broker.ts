import type { Duplex } from 'node:stream';
import type { Cures } from './cures.ts';
import { createEngine } from './engine.ts';
import { createHooks } from './hooks.ts';
import { type BrokerLeg, createLegs, type Legs } from './leg.ts';
import { type BrokerLimits, DEFAULT_LIMITS } from './limits.ts';
import { type BrokerLog, SILENT } from './log.ts';
import { Sessions } from './sessions.ts';
import type { BrokerTime } from './time.ts';
import { type ListenAddress, Transports } from './transports.ts';

export interface BrokerOptions {
  readonly site: string;
  /** Whether `secret` is the password of `identity`; called once a CONNECT, bounded by `connectTimeoutMs`. */
  authenticate(identity: string, secret: Uint8Array): Promise<boolean>;
  readonly time: BrokerTime;
  readonly limits?: Partial<BrokerLimits>;
  readonly log?: BrokerLog;
}

export interface BrokerStats {
  /** Open transports, and those of them that are let in. */
  readonly connections: number;
  readonly sessions: number;
  /** Bytes that wait for clients to take them. */
  readonly pendingBytes: number;
  /** Messages published by devices, and written by the leg. */
  readonly received: number;
  readonly sent: number;
  /** Publishes that the leg answered with BUSY. */
  readonly busy: number;
  /** What the rules refused and why clients were ended, by reason. */
  readonly refused: Readonly<Record<string, number>>;
}

/** The devices' MQTT broker (WIRE.md "MQTT 3.1.1"). */
export interface Broker {
  /** Listens on TCP, or TLS; port 0 takes a free one. Throws PORT_IN_USE. */
  listen(address: ListenAddress): Promise<{ port: number }>;
  /** Serves one client over any duplex stream, by the same rules as over TCP. */
  attachStream(transport: Duplex): void;
  leg(): BrokerLeg;
  stats(): BrokerStats;
  /** Takes no more, lets what is written leave, ends every connection; over at `deadlineMs` at the latest. */
  close(options?: { readonly deadlineMs?: number }): Promise<void>;
}

const DEFAULT_CLOSE_DEADLINE_MS = 2_000;

/** Builds the broker of `createBroker`; tests leave out a cure to show its fault. */
export const assembleBroker = async (options: BrokerOptions, cures: Cures): Promise<Broker> => {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const log = options.log ?? SILENT;
  const counters = { in: 0, out: 0, busy: 0, refused: new Map<string, number>() };
  const count = (what: string) => counters.refused.set(what, (counters.refused.get(what) ?? 0) + 1);
  const sessions = new Sessions({ maxWaiting: limits.maxWaitingTakeovers, ordered: cures.orderedTakeover });
  let legs: Legs | undefined;
  const hooks = createHooks({
    ...{ site: options.site, limits, cures, sessions, refused: count },
    authenticate: options.authenticate,
    published: (topic, payload, from) => {
      counters.in++;
      legs?.deliver(topic, payload, from);
    },
  });
  const aedes = await createEngine({ limits, cures, hooks, sessions, log, ended: count });
  const opened = createLegs({ site: options.site, limits, sessions, aedes, log, counters });
  legs = opened;
  const transports = new Transports({ aedes, limits, cures, time: options.time, refused: count });
  return {
    listen: (address) => transports.listen(address),
    attachStream: (transport) => transports.attach(transport),
    leg: () => opened.open(),
    stats: () => ({
      ...{ connections: transports.size, sessions: sessions.size, pendingBytes: transports.pendingBytes },
      ...{ received: counters.in, sent: counters.out, busy: counters.busy },
      refused: Object.fromEntries(counters.refused),
    }),
    close: async ({ deadlineMs = DEFAULT_CLOSE_DEADLINE_MS } = {}) => {
      opened.closeAll();
      await transports.close(deadlineMs);
    },
  };
};
