import type { Broker } from '@tapwatt/broker';
import { TapwattError } from '@tapwatt/firmware-contracts';
import type { MqttConfig } from '../../config/gateway-config.ts';
import { errorCodeOf } from '../../data/atomic-file.ts';

/** Lets the built-in broker listen; answers its port. Throws PORT_IN_USE or CONFIG_INVALID, naming the settings. */
export async function listenBroker(
  broker: Pick<Broker, 'listen'>,
  { host, port }: Pick<MqttConfig, 'host' | 'port'>,
): Promise<number> {
  try {
    return (await broker.listen({ host, port })).port;
  } catch (cause) {
    throw listenError(cause, `${host}:${port}`);
  }
}

function listenError(cause: unknown, where: string): unknown {
  if (cause instanceof TapwattError && cause.code === 'PORT_IN_USE')
    return new TapwattError('PORT_IN_USE', `MQTT port ${where} is in use (mqtt.port, --mqtt-port).`, {
      cause,
    });
  switch (errorCodeOf(cause)) {
    case 'EACCES':
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new TapwattError('CONFIG_INVALID', `Cannot listen on ${where} (mqtt.host, mqtt.port).`, {
        cause,
      });
    default:
      return cause;
  }
}
