import type { Broker } from '@tapwatt/broker';
import type { GatewayConfig } from '../../config/gateway-config.ts';
import type { Credentials } from '../../credentials.ts';
import type { Clock, Random } from '../../edges/edges.ts';
import type { Logger } from '../../observability/logger.ts';
import { createInProcessBus } from './bus/in-process-bus.ts';
import type { MessageBus } from './bus/message-bus.ts';

export interface OpenedBus {
  readonly bus: MessageBus;
  /** The built-in broker, which does not listen yet; `undefined` with an external one. */
  readonly broker: Broker | undefined;
  /** False while an external broker is away. */
  isReachable(): boolean;
}

export interface BusParts {
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** An external broker was reached, again after each time that it was away. */
  readonly onReached: () => void;
}

/** The message bus of the configuration. Only the one that is used is loaded: each takes a tenth of a start. */
export const openBus = (
  config: Pick<GatewayConfig, 'mqtt' | 'site' | 'gatewayId'>,
  parts: BusParts,
): Promise<OpenedBus> =>
  config.mqtt.external === undefined
    ? openBuiltIn(config, parts)
    : openExternal(config.mqtt.external, config, parts);

async function openExternal(
  url: string,
  { site, gatewayId }: Pick<GatewayConfig, 'site' | 'gatewayId'>,
  { credentials, ...parts }: BusParts,
): Promise<OpenedBus> {
  const { createExternalBus } = await import('./bus/external-bus.ts');
  const identity = `g-${gatewayId}`;
  const password = credentials.passwordOf(identity);
  const bus = await createExternalBus({ url, site, identity, password, ...parts });
  return { bus, broker: undefined, isReachable: () => bus.isReady() };
}

async function openBuiltIn(
  { mqtt: { limits }, site }: Pick<GatewayConfig, 'mqtt' | 'site'>,
  { credentials, log }: BusParts,
): Promise<OpenedBus> {
  const { createBroker, systemTime } = await import('@tapwatt/broker');
  const broker = await createBroker({
    site,
    time: systemTime,
    authenticate: (identity, secret) => credentials.authenticate(identity, secret),
    limits: {
      maxConnections: limits.maxConnections,
      maxPacketBytes: limits.maxPacketBytes,
      maxPendingBytes: limits.maxBufferedBytesPerClient,
      connectTimeoutMs: limits.connectTimeoutMs,
    },
    log,
  });
  return { bus: createInProcessBus(broker.leg()), broker, isReachable: () => true };
}
