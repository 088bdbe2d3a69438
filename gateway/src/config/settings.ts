/** How a setting is written in an environment variable or a flag, where everything is text. */
export type SettingKind = 'text' | 'number' | 'boolean' | 'list' | 'json';

export interface Setting {
  /** Path in `tapwatt.yaml`, e.g. `mqtt.port`. */
  readonly path: string;
  readonly kind: SettingKind;
  /** The comment above it in a new `tapwatt.yaml`. */
  readonly comment: string;
  /** Shown in a new `tapwatt.yaml` where there is no default. */
  readonly example?: string;
}

const setting = (path: string, kind: SettingKind, comment: string, example?: string): Setting => ({
  path,
  kind,
  comment,
  ...(example === undefined ? {} : { example }),
});

/** Every setting in the order of the file. */
export const SETTINGS: readonly Setting[] = [
  setting(
    'profile',
    'text',
    'development (keys are made at the first start) or production (they are refused).',
  ),
  setting(
    'data',
    'text',
    'Data directory; relative to this file. The whole business lies in it: back it up.',
  ),
  setting('site', 'text', 'Site name: the root of the MQTT topics is tw/v1/<site>.'),
  setting('ledgerId', 'text', 'Id of the ledger, the aud of every signed request. It can never change.'),
  setting('gatewayId', 'text', 'Name of this gateway as a party of the ledger.'),
  setting(
    'ledger.kind',
    'text',
    'embedded (in the data directory) or fabric (a Hyperledger Fabric network of several organisations).',
  ),
  setting(
    'ledger.fabric.network',
    'text',
    'Description of the network: channel, chaincode, peers; relative to this file.',
  ),
  setting(
    'ledger.fabric.certificate',
    'text',
    'Certificate of this gateway (PEM), if another than the description names.',
    'gateway-cert.pem',
  ),
  setting(
    'ledger.fabric.key',
    'text',
    'Its private key, P-256: a file (PEM), or where it lies in a token (pkcs11:…, RFC 7512).',
    'gateway-key.pem',
  ),
  setting(
    'issuer.url',
    'text',
    'Where the issuer’s own process answers; without it this gateway holds the master key itself.',
    'https://issuer.example:8443',
  ),
  setting('issuer.host', 'text', 'Address that `tapwatt issuer` listens on.'),
  setting('issuer.port', 'number', '0 takes any free port.'),
  setting('issuer.ca', 'text', 'Who signs certificates of issuer and gateways (PEM).', 'issuer-ca.pem'),
  setting(
    'issuer.certificate',
    'text',
    'Own certificate (PEM); a gateway’s has its gatewayId as common name.',
    'issuer-cert.pem',
  ),
  setting('issuer.key', 'text', 'Its private key (PEM).', 'issuer-key.pem'),
  setting(
    'issuer.masterKeyCommand',
    'list',
    'Program and arguments that print the master key, instead of the file keys/master.key.',
  ),
  setting(
    'mqtt.host',
    'text',
    'Address that the built-in broker listens on; 0.0.0.0 lets meters of the network in.',
  ),
  setting('mqtt.port', 'number', '0 takes any free port.'),
  setting(
    'mqtt.external',
    'text',
    'Use an external broker instead of the built-in one: mqtt://host:port',
    'mqtt://broker.example:1883',
  ),
  setting('mqtt.limits.maxConnections', 'number', 'Connections at a time; more are refused.'),
  setting('mqtt.limits.maxPacketBytes', 'number', 'A longer packet ends its connection.'),
  setting('mqtt.limits.maxBufferedBytesPerClient', 'number', 'Bytes that may wait for a slow client.'),
  setting('mqtt.limits.connectTimeoutMs', 'number', 'A connection must identify itself within this time.'),
  setting('http.host', 'text', 'Address of the page and the API.'),
  setting('http.port', 'number', '0 takes any free port.'),
  setting('http.allowedHosts', 'list', 'Host names besides localhost by which the page may be called.'),
  setting(
    'links.nfc.enabled',
    'boolean',
    'Meters are tapped at NFC readers of this machine (PC/SC; npm run setup:system -- nfc installs what it needs).',
  ),
  setting(
    'links.nfc.meterReaders',
    'list',
    'Names of readers at which meters are tapped; * stands for any text.',
  ),
  setting(
    'links.nfc.counterReaders',
    'list',
    'Names of readers at which customers show vouchers on a phone or a card; they go before those for meters.',
  ),
  setting(
    'links.serial',
    'json',
    'Serial lines with meters: [{device: /dev/ttyUSB0, baudRate: 9600, protocol: tapwatt, meters: [{address: 1}]}]',
  ),
  setting('sweep.intervalMs', 'number', 'How often open vouchers are presented again.'),
  setting('sweep.pageSize', 'number', 'Meters read from the ledger at a time.'),
  setting('sweep.maxInFlight', 'number', 'Vouchers on their way to meters at the same time.'),
  setting('telemetry.keep.rawDays', 'number', 'Days for which every reading is kept.'),
  setting('telemetry.keep.hourlyDays', 'number', 'Days for which the sums of hours are kept.'),
  setting('telemetry.keep.dailyDays', 'number', 'Days for which the sums of days are kept.'),
  setting(
    'telemetry.gapAfterS',
    'number',
    'Nothing read from a meter for longer than this is shown as a gap.',
  ),
  setting(
    'telemetry.embedded.maxMegabytes',
    'number',
    'Room for readings in the data directory; the oldest go earlier where it is not enough.',
  ),
  setting(
    'telemetry.influx.url',
    'text',
    'Keep readings in InfluxDB 1.x instead: http://host:port',
    'http://influxdb.example:8086',
  ),
  setting('telemetry.influx.database', 'text', 'It is made and set up if its user may do that.'),
  setting('telemetry.influx.username', 'text', 'User of InfluxDB, if it asks for one.', 'tapwatt'),
  setting('telemetry.influx.passwordFile', 'text', 'File with that user’s password.', 'influx.password'),
  setting(
    'telemetry.influx.maxQueueMegabytes',
    'number',
    'Room in the data directory for readings that wait while InfluxDB is away; the oldest go where it is not enough.',
  ),
  setting('log.level', 'text', 'trace, debug, info, warn, error, fatal or silent.'),
  setting('policies.minAmountMinor', 'text', 'Smallest voucher, in minor units (paise).'),
  setting('policies.maxAmountMinor', 'text', 'Largest voucher, in minor units (paise).'),
  setting('stopTimeoutMs', 'number', 'Time for a graceful stop.'),
];

/** The environment variable of a setting: `mqtt.port` is `TAPWATT_MQTT_PORT`. */
export function environmentName(path: string): string {
  const words = path.replaceAll('.', '_').replace(/([a-z])([A-Z])/g, '$1_$2');
  return `TAPWATT_${words.toUpperCase()}`;
}

/** Text of an environment variable or a flag as the value that the schema expects; text that does not fit stays text. */
export function settingValue(setting: Setting, text: string): unknown {
  switch (setting.kind) {
    case 'number':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'list':
      return text.split(',').filter((item) => item !== '');
    case 'json':
      return jsonOr(text);
    case 'text':
      return text;
    default:
      return setting.kind satisfies never;
  }
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
