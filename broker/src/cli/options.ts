import { type Command, InvalidArgumentError, Option } from 'commander';

const PROFILES = ['development', 'production'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export type Profile = (typeof PROFILES)[number];

/** What `tapwatt-broker run` is told, by flags or, before the defaults, by the environment that the gateway knows too. */
export interface RunOptions {
  readonly profile: Profile;
  readonly site: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly keyFile: string;
  /** PEM files, both or neither; with them the port speaks TLS only. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly maxConnections: number;
  readonly maxPacketBytes: number;
  readonly maxBufferedBytesPerClient: number;
  readonly connectTimeoutMs: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly json: boolean;
}

const whole =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^[0-9]+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`A whole number from ${min} to ${max}.`);
  };

const siteName = (text: string): string => {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(text)) return text;
  throw new InvalidArgumentError('1 to 64 of A-Z a-z 0-9 _ -.');
};

const text = (flags: string, env: string, description: string): Option =>
  new Option(flags, description).env(env);

const count = (flags: string, env: string, description: string, range: readonly [number, number]): Option =>
  text(flags, env, description).argParser(whole(...range));

const OPTIONS: readonly Option[] = [
  text('--profile <profile>', 'TAPWATT_PROFILE', 'production refuses development keys')
    .choices(PROFILES)
    .default('development'),
  text('--site <name>', 'TAPWATT_SITE', 'the root of the topics is tw/v1/<name>')
    .argParser(siteName)
    .default('home'),
  text('--host <address>', 'TAPWATT_MQTT_HOST', '0.0.0.0 lets meters of the network in').default('127.0.0.1'),
  count('--port <n>', 'TAPWATT_MQTT_PORT', '0 takes any free port', [0, 65_535]).default(1883),
  text('--key-file <file>', 'TAPWATT_MQTT_KEY_FILE', 'the gateway’s keys/mqtt.key').default(
    'data/keys/mqtt.key',
  ),
  text(
    '--tls-cert <file>',
    'TAPWATT_MQTT_TLS_CERT',
    'PEM: its certificate, then those that lead to the root',
  ),
  text('--tls-key <file>', 'TAPWATT_MQTT_TLS_KEY', 'PEM: the private key of the certificate'),
  count(
    '--max-connections <n>',
    'TAPWATT_MQTT_LIMITS_MAX_CONNECTIONS',
    'at a time; more are refused',
    [1, 200_000],
  ).default(20_000),
  count(
    '--max-packet-bytes <n>',
    'TAPWATT_MQTT_LIMITS_MAX_PACKET_BYTES',
    'a longer packet ends its connection',
    [1_024, 1_048_576],
  ).default(16_384),
  count(
    '--max-buffered-bytes-per-client <n>',
    'TAPWATT_MQTT_LIMITS_MAX_BUFFERED_BYTES_PER_CLIENT',
    'that may wait for a slow client before it is cut',
    [4_096, 16_777_216],
  ).default(262_144),
  count(
    '--connect-timeout-ms <n>',
    'TAPWATT_MQTT_LIMITS_CONNECT_TIMEOUT_MS',
    'a connection must identify itself in this time',
    [100, 120_000],
  ).default(10_000),
  text('--log-level <level>', 'TAPWATT_LOG_LEVEL', 'of the log on stderr')
    .choices(LOG_LEVELS)
    .default('info'),
  new Option('--json', 'one JSON object on stdout when it is ready').default(false),
];

/** Adds what `run` understands. */
export const addRunOptions = (command: Command): Command => {
  for (const option of OPTIONS) command.addOption(option);
  return command;
};
