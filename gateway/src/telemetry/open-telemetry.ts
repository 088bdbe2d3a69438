import type { Profile, TelemetryConfig } from '../config/gateway-config.ts';
import type { DataLayout } from '../data/layout.ts';
import type { Clock } from '../edges/edges.ts';
import { readKeyFile } from '../keys/key-file.ts';
import type { Logger } from '../observability/logger.ts';
import { createLosses, type Losses } from './losses.ts';
import { type MeterSeries, meterSeries, type SeriesQuestion } from './meter-series.ts';
import type { ReadingSink } from './reading.ts';
import { createRecorder } from './recorder.ts';
import { DAY_MS, type ReadingStore, type StoreView } from './store.ts';

/** A clock of a meter that is ahead by more than this is wrong. */
const MAX_AHEAD_MS = 300_000;
const MEGABYTE = 1_048_576;

export interface TelemetryParts {
  readonly layout: Pick<DataLayout, 'readings' | 'readingsQueue'>;
  readonly profile: Profile;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
  readonly onError: (error: unknown, doing: string) => void;
}

/** Meters' readings as the gateway holds them. */
export interface Telemetry {
  readonly sink: ReadingSink;
  /** Throws TELEMETRY_UNAVAILABLE. */
  series(question: SeriesQuestion): Promise<MeterSeries>;
  view(): StoreView;
  figures(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** Throws KEY_FILE or DEVELOPMENT_KEYS of a database's password, and the system's error where there can be no queue. */
export async function openTelemetry(config: TelemetryConfig, parts: TelemetryParts): Promise<Telemetry> {
  const { clock, onError } = parts;
  const losses = createLosses(clock, (lost, why) => parts.log.warn({ lost, why }, 'readings were lost'));
  const store = await openStore(config, parts, losses);
  const recorder = createRecorder({
    ...{ store, clock, losses, onError },
    limits: { maxAheadMs: MAX_AHEAD_MS, maxAgeMs: config.keep.rawDays * DAY_MS },
  });
  return {
    sink: recorder,
    series: (question) =>
      meterSeries(store, question, { nowMs: clock.nowMs(), gapAfterMs: config.gapAfterS * 1_000 }),
    view: () => store.view(),
    figures: () => ({ ...recorder.figures(), ...store.figures(), ...losses.figures() }),
    async close() {
      await recorder.close();
      await store.close();
    },
  };
}

/** Only the one that is used is loaded. */
async function openStore(
  config: TelemetryConfig,
  { layout, profile, ...edges }: TelemetryParts,
  losses: Losses,
): Promise<ReadingStore> {
  const { keep, influx } = config;
  if (influx.url === undefined) {
    const { openEmbeddedStore } = await import('./embedded/embedded-store.ts');
    const maxBytes = config.embedded.maxMegabytes * MEGABYTE;
    return openEmbeddedStore(layout.readings, { ...keep, maxBytes }, edges);
  }
  const { openInfluxStore } = await import('./influx/influx-store.ts');
  const { url, database, username, passwordFile } = influx;
  const password =
    passwordFile === undefined ? undefined : (await readKeyFile(passwordFile, { profile })).body;
  return openInfluxStore(
    {
      target: { url, database, username, password },
      keep,
      queueDirectory: layout.readingsQueue,
      maxQueueBytes: influx.maxQueueMegabytes * MEGABYTE,
    },
    { ...edges, losses },
  );
}
