import type { AedesOptions, AuthenticateError, Client, ConnectPacket } from 'aedes';
import type { Grant } from './acl.ts';
import { grantFor } from './acl.ts';
import type { Cures } from './cures.ts';
import { GuardedStream } from './guarded-stream.ts';
import type { BrokerLimits } from './limits.ts';
import type { Claim, Sessions } from './sessions.ts';

/** CONNACK return codes of MQTT 3.1.1 section 3.2.2.3. */
const REFUSE = { IDENTIFIER: 2, UNAVAILABLE: 3, CREDENTIALS: 4, NOT_AUTHORIZED: 5 } as const;

/** A client that passed its CONNECT: what it may do, and its turn to be registered. */
export interface Admitted {
  readonly grant: Grant;
  readonly claim: Claim;
  readonly stream: GuardedStream;
}

export interface HookOptions {
  readonly site: string;
  readonly limits: BrokerLimits;
  readonly cures: Cures;
  readonly sessions: Sessions;
  authenticate(identity: string, secret: Uint8Array): Promise<boolean>;
  /** A message that a client published and may publish, before its PUBACK. */
  published(topic: string, payload: Uint8Array, from: string): void;
  refused(what: string): void;
}

export interface Hooks {
  readonly options: Required<
    Pick<
      AedesOptions,
      'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'
    >
  >;
  admitted(client: Client): Admitted | undefined;
}

/** The hooks of aedes: whatever the rules of acl.ts do not allow is refused. */
export const createHooks = (options: HookOptions): Hooks => {
  const connects = new WeakMap<Client, ConnectPacket>();
  const admitted = new WeakMap<Client, Admitted>();

  const admit = async (client: Client, username: string | undefined, password: Uint8Array | undefined) => {
    const connect = connects.get(client);
    connects.delete(client);
    const grant = grantFor(options.site, username ?? '');
    const stream = client.conn;
    if (connect === undefined || !(stream instanceof GuardedStream)) return REFUSE.UNAVAILABLE;
    if (grant === undefined || client.id !== grant.identity) return REFUSE.IDENTIFIER;
    if (!keepaliveFits(connect, options.limits)) return REFUSE.IDENTIFIER;
    if (!willFits(connect, grant)) return REFUSE.NOT_AUTHORIZED;
    if (!(await options.authenticate(grant.identity, password ?? new Uint8Array())))
      return REFUSE.CREDENTIALS;
    const claim = await options.sessions.claim(grant.identity);
    if (claim === undefined) return REFUSE.UNAVAILABLE;
    if (client.closed || stream.destroyed) {
      claim.settle();
      return REFUSE.UNAVAILABLE;
    }
    stream.once('close', claim.settle);
    admitted.set(client, { grant, claim, stream });
    return undefined;
  };

  const grantOf = (client: Client | null): Grant | undefined =>
    client === null ? undefined : admitted.get(client)?.grant;

  return {
    admitted: (client) => admitted.get(client),
    options: {
      preConnect: (client, packet, done) => {
        if (options.cures.cleanSessions) packet.clean = true;
        connects.set(client, packet);
        done(null, true);
      },
      authenticate: (client, username, password, done) => {
        admit(client, username, password)
          .catch(() => REFUSE.UNAVAILABLE)
          .then((code) => {
            if (code === undefined) return done(null, true);
            options.refused(`connect-${code}`);
            done(refusal(code), false);
          });
      },
      authorizePublish: (client, packet, done) => {
        const grant = grantOf(client);
        if (options.cures.denyByDefault && !grant?.mayPublish(packet)) {
          options.refused('publish');
          return done(new Error('publish not allowed'));
        }
        if (grant !== undefined) options.published(packet.topic, packet.payload as Buffer, grant.identity);
        done(null);
      },
      authorizeSubscribe: (client, subscription, done) => {
        const allowed =
          !options.cures.denyByDefault || grantOf(client)?.maySubscribe(subscription.topic) === true;
        if (!allowed) options.refused('subscribe');
        done(null, allowed ? subscription : null);
      },
      authorizeForward: (client, packet) =>
        !options.cures.forwardRules || grantOf(client)?.mayReceive(packet.topic) ? packet : null,
    },
  };
};

const keepaliveFits = ({ keepalive = 0 }: ConnectPacket, limits: BrokerLimits): boolean =>
  keepalive >= limits.minKeepaliveS && keepalive <= limits.maxKeepaliveS;

const willFits = ({ will }: ConnectPacket, grant: Grant): boolean =>
  will === undefined ||
  will === null ||
  grant.mayPublish({ topic: will.topic, retain: will.retain ?? false, qos: will.qos ?? 0 });

const refusal = (returnCode: number): AuthenticateError =>
  Object.assign(new Error(`connect refused: ${returnCode}`), { returnCode }) as AuthenticateError;
