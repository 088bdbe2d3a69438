import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, type InfluxServer, openTelemetry, readTele, type Telemetry } from '@tapwatt/gateway';
import { systemTime } from '@tapwatt/simulator';

/** The gateway's telemetry in this process, as a gateway configures it, and what a meter would send it. */
export interface TelemetryUnderTest {
  readonly telemetry: Telemetry;
  /** A payload as it comes over MQTT, read and recorded as the gateway does. */
  take(meterId: string, payload: Uint8Array, receivedAtMs: number): void;
  figure(name: string): number;
  /** Readings that were lost, by reason; empty where none were. */
  losses(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

const MAX_QUEUE_MEGABYTES = 1_024;

const clock = {
  nowMs: () => systemTime.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs: number, run: () => void) => systemTime.after(delayMs, run),
};

export async function openTelemetryUnderTest(
  server: InfluxServer,
  database: string,
): Promise<TelemetryUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'tapwatt-readings-'));
  const telemetry = await openTelemetry(
    {
      keep: { rawDays: 14, hourlyDays: 100, dailyDays: 3_650 },
      gapAfterS: 300,
      embedded: { maxMegabytes: 16 },
      influx: {
        ...{ url: server.url, database, username: undefined, passwordFile: undefined },
        maxQueueMegabytes: MAX_QUEUE_MEGABYTES,
      },
    },
    {
      layout: { readings: join(directory, 'readings'), readingsQueue: join(directory, 'queue') },
      profile: 'development',
      clock,
      log: createLogger({ level: 'silent', destination: { write: () => undefined } }),
      onError: () => undefined,
    },
  );
  return {
    telemetry,
    take(meterId, payload, receivedAtMs) {
      const reading = readTele(payload, { meterId, link: 'mqtt', receivedAtMs });
      if (reading === undefined) telemetry.sink.malformed(meterId);
      else telemetry.sink.record(reading);
    },
    figure: (name) => telemetry.figures()[name] ?? 0,
    losses: () =>
      Object.fromEntries(Object.entries(telemetry.figures()).filter(([name]) => name.startsWith('lost.'))),
    async close() {
      await telemetry.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const encoder = new TextEncoder();

/** What meter `index` sends at `atMs`; its register counts minutes, so that no two are alike. */
export function payloadOf(index: number, atMs: number): Uint8Array {
  const minutes = Math.floor(atMs / 60_000) % 1_000_000;
  const powerW = 200 + ((index * 37 + minutes * 11) % 800);
  return encoder.encode(
    JSON.stringify({
      ...{ at: Math.floor(atMs / 1_000), clockTrust: 2, energyWh: minutes * 10 + index, powerW },
      ...{ voltageMv: 230_000, currentMa: Math.round((powerW * 1_000) / 230) },
      ...{ balance: String(50_000 - minutes), relay: 'closed', signalDbm: -71 },
    }),
  );
}

/** How many readings of a database have arrived. */
export async function arrivedIn(server: InfluxServer, database: string): Promise<number> {
  const [row] = await server.ask(`SELECT count(energyWh) AS readings FROM "${database}".raw.readings`);
  return Number(row?.readings ?? 0);
}
