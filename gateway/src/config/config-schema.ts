import { z } from 'zod';
import { SERIAL_PROTOCOLS } from '../links/serial/serial-config.ts';
import { LEDGER_KINDS, LOG_LEVELS, PROFILES } from './gateway-config.ts';

const MAX_AMOUNT = 2n ** 53n - 1n;
/** A meter on its way to its voucher is woken; one of another maker only shows figures. */
const POLL_INTERVAL_MS = { tapwatt: 10_000, iec62056: 300_000 } as const;
const port = z.int('must be a whole number').min(0, 'must be 0 to 65535').max(65_535, 'must be 0 to 65535');
const name = z.string('must be a text').regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ -');
const host = z
  .string('must be a text')
  .regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'must be a host name or an address');
const externalBroker = z
  .string('must be a text')
  .regex(/^mqtts?:\/\/[A-Za-z0-9.[\]:_-]+$/, 'must be mqtt://host:port or mqtts://host:port');
const money = z
  .string('must be a text of digits in quotes, in minor units, such as "10000"')
  .regex(/^[1-9]\d{0,15}$/, 'must be a whole number of minor units above 0')
  .transform(BigInt)
  .refine((amount) => amount <= MAX_AMOUNT, `must be at most ${MAX_AMOUNT}`);

function count(min: number, max: number) {
  const words = `must be a whole number from ${min} to ${max}`;
  return z.int(words).min(min, words).max(max, words);
}

function choice<const T extends readonly string[]>(values: T) {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}

const path = z.string('must be a path').min(1, 'must be a path').max(4096, 'must be a path');

const mqttLimits = z
  .strictObject({
    maxConnections: count(1, 200_000).default(20_000),
    maxPacketBytes: count(1_024, 1_048_576).default(16_384),
    maxBufferedBytesPerClient: count(4_096, 16_777_216).default(262_144),
    connectTimeoutMs: count(100, 120_000).default(10_000),
  })
  .prefault({});

const fabric = z
  .strictObject({
    network: path.default('data/fabric/network.json'),
    certificate: path.optional(),
    key: path.optional(),
  })
  .prefault({});

const ledger = z.strictObject({ kind: choice(LEDGER_KINDS).default('embedded'), fabric }).prefault({});

const issuer = z
  .strictObject({
    url: z
      .string('must be a text')
      .regex(/^https:\/\/[A-Za-z0-9.[\]:_-]+$/, 'must be https://host:port')
      .optional(),
    host: host.default('127.0.0.1'),
    port: port.default(8443),
    ca: path.optional(),
    certificate: path.optional(),
    key: path.optional(),
    masterKeyCommand: z.array(path, 'must be a list of texts').max(64).default([]),
  })
  .prefault({});

const mqtt = z
  .strictObject({
    host: host.default('127.0.0.1'),
    port: port.default(1883),
    external: externalBroker.optional(),
    limits: mqttLimits,
  })
  .prefault({});

const http = z
  .strictObject({
    host: host.default('127.0.0.1'),
    port: port.default(8080),
    allowedHosts: z.array(host, 'must be a list of host names').max(32).default([]),
  })
  .prefault({});

const SERIAL_ADDRESS =
  'must be 1 to 247, or the device address of a foreign meter: up to 32 of 0-9 A-Z a-z in quotes';
const UTC_OFFSET = 'must be whole minutes from -900 to 900';

/** What of a serial line is checked against other lines, also where the rest of it is wrong. */
export const serialShapes = {
  device: path,
  protocol: choice(SERIAL_PROTOCOLS).default('tapwatt'),
  address: z.union(
    [
      z.int(SERIAL_ADDRESS).min(0, SERIAL_ADDRESS).max(255, SERIAL_ADDRESS),
      z.string().regex(/^[0-9A-Za-z]{0,32}$/, SERIAL_ADDRESS),
    ],
    SERIAL_ADDRESS,
  ),
};

const serialMeter = z.strictObject({
  address: serialShapes.address,
  meterId: z
    .string('must be a text of digits in quotes')
    .regex(/^[1-9]\d{0,19}$/, 'must be a meter’s number in quotes, such as "1000000001"')
    .optional(),
  utcOffsetMinutes: z.int(UTC_OFFSET).min(-900, UTC_OFFSET).max(900, UTC_OFFSET).default(0),
});

const serialLine = z
  .strictObject({
    device: serialShapes.device,
    protocol: serialShapes.protocol,
    baudRate: count(300, 921_600).default(9_600),
    pollIntervalMs: count(500, 86_400_000).optional(),
    meters: z
      .array(serialMeter, 'must be a list of meters')
      .max(247, 'must be at most 247 meters')
      .default([]),
    searchTo: count(1, 247).default(32),
  })
  .transform((line) => ({ ...line, pollIntervalMs: line.pollIntervalMs ?? POLL_INTERVAL_MS[line.protocol] }));

const sweep = z
  .strictObject({
    intervalMs: count(1_000, 3_600_000).default(30_000),
    pageSize: count(1, 10_000).default(500),
    maxInFlight: count(1, 100_000).default(2_000),
  })
  .prefault({});

const readerNames = z.array(z.string('must be a text').min(1).max(256), 'must be a list of names').max(32);

const links = z
  .strictObject({
    nfc: z
      .strictObject({
        enabled: z.boolean('must be true or false').default(false),
        meterReaders: readerNames.default(['*']),
        counterReaders: readerNames.default([]),
      })
      .prefault({}),
    serial: z
      .array(serialLine, 'must be a list of serial lines')
      .max(64, 'must be at most 64 lines')
      .default([]),
  })
  .prefault({});

const policies = z
  .strictObject({
    minAmountMinor: money.prefault('100'),
    maxAmountMinor: money.prefault('10000000'),
  })
  .prefault({});

const telemetry = z
  .strictObject({
    keep: z
      .strictObject({
        rawDays: count(2, 3_650).default(14),
        hourlyDays: count(2, 3_650).default(100),
        dailyDays: count(2, 36_500).default(3_650),
      })
      .prefault({}),
    gapAfterS: count(10, 86_400).default(900),
    embedded: z.strictObject({ maxMegabytes: count(16, 1_048_576).default(2_048) }).prefault({}),
    influx: z
      .strictObject({
        url: z
          .string('must be a text')
          .regex(/^https?:\/\/[A-Za-z0-9.[\]:_-]+$/, 'must be http://host:port or https://host:port')
          .optional(),
        database: name.default('tapwatt'),
        username: z
          .string('must be a text')
          .min(1, 'must be a text')
          .max(64, 'must be at most 64 characters')
          .optional(),
        passwordFile: path.optional(),
        maxQueueMegabytes: count(1, 1_048_576).default(1_024),
      })
      .prefault({}),
  })
  .prefault({});

/** The shape of `tapwatt.yaml`. Unknown keys are errors; everything has a default. */
export const configSchema = z.strictObject({
  profile: choice(PROFILES).default('development'),
  data: path.default('data'),
  site: name.default('home'),
  ledgerId: name.default('tapwatt-dev'),
  gatewayId: name.default('gateway'),
  ledger,
  issuer,
  mqtt,
  http,
  links,
  sweep,
  telemetry,
  log: z.strictObject({ level: choice(LOG_LEVELS).default('info') }).prefault({}),
  policies,
  stopTimeoutMs: count(100, 300_000).default(10_000),
});

export type ConfigFile = z.infer<typeof configSchema>;
