import { messageOf, TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from '../../edges/edges.ts';
import type { Losses } from '../losses.ts';
import { openDurableQueue } from '../queue/durable-queue.ts';
import { onlyTold } from '../reading.ts';
import {
  DAY_MS,
  type EnergySum,
  lengthMs,
  type ReadingStore,
  type SumResolution,
  type Window,
} from '../store.ts';
import { createInfluxClient, type InfluxTarget, type Row } from './client.ts';
import { type DrainPace, startDrain } from './drain.ts';
import { readingOfRow } from './points.ts';
import { type KeepDays, selectRaw, selectSums, sumRaw } from './statements.ts';

export interface InfluxStoreOptions {
  readonly target: InfluxTarget;
  readonly keep: KeepDays;
  /** Where readings wait on disk. */
  readonly queueDirectory: string;
  readonly maxQueueBytes: number;
  readonly pace?: DrainPace;
}

export interface InfluxEdges {
  readonly clock: Clock;
  readonly losses: Losses;
  readonly onError: (error: unknown, doing: string) => void;
}

/** Readings in InfluxDB 1.x behind a queue on disk: what is appended arrives, some time. Throws the system's error where there can be no queue. */
export async function openInfluxStore(
  options: InfluxStoreOptions,
  edges: InfluxEdges,
): Promise<ReadingStore> {
  const { target, keep } = options;
  const { clock, losses, onError } = edges;
  const client = createInfluxClient(target, clock);
  const queue = await openDurableQueue({
    ...{ directory: options.queueDirectory, maxBytes: options.maxQueueBytes, losses, onError },
  });
  const drain = startDrain({ ...edges, queue, client, database: target.database, keep, pace: options.pace });
  const ask = async (statement: string): Promise<readonly Row[]> => {
    try {
      return await client.query(statement);
    } catch (cause) {
      const why = messageOf(cause);
      throw new TapwattError('TELEMETRY_UNAVAILABLE', `InfluxDB at ${target.url} does not answer: ${why}`, {
        cause,
      });
    }
  };

  /** From here on the points themselves are still there; what is older is known by the sums that were made of them. */
  const rawSinceMs = (stepMs: number): number =>
    Math.ceil((clock.nowMs() - (keep.rawDays - 1) * DAY_MS) / stepMs) * stepMs;

  return {
    append: (readings) => queue.append(readings),
    async raw(window, limit) {
      const rows = await ask(selectRaw(window, limit));
      return rows.map((row) => readingOfRow(window.meterId, row));
    },
    async sums(window, resolution) {
      const borderMs = Math.min(Math.max(rawSinceMs(lengthMs(resolution)), window.fromMs), window.toMs);
      const [old, recent] = await Promise.all([
        borderMs > window.fromMs ? ask(selectSums({ ...window, toMs: borderMs }, resolution)) : [],
        borderMs < window.toMs
          ? ask(sumRaw(wholeSteps({ ...window, fromMs: borderMs }, resolution), resolution))
          : [],
      ]);
      return [...old, ...recent].map(sumOfRow);
    },
    view: () => drain.view(),
    figures: () => ({ written: drain.written, queued: queue.readings, queuedBytes: queue.bytes }),
    async close() {
      await drain.close();
      await queue.close();
    },
  };
}

/** Those that begin in a window, wholly. */
function wholeSteps({ meterId, fromMs, toMs }: Window, resolution: SumResolution): Window {
  const stepMs = lengthMs(resolution);
  const up = (atMs: number): number => Math.ceil(atMs / stepMs) * stepMs;
  return { meterId, fromMs: up(fromMs), toMs: up(toMs) };
}

function sumOfRow(row: Row): EnergySum {
  const { time, readings, firstWh, lastWh, powers, powerSumW, maxPowerW, balance } = row;
  const powerW = Number(powers) > 0 ? Math.round(Number(powerSumW) / Number(powers)) : null;
  const told = {
    firstWh,
    lastWh,
    powerW,
    maxPowerW,
    balance: balance === null ? null : BigInt(balance as number),
  };
  return {
    fromMs: Number(time) / 1_000,
    readings: Number(readings ?? 0),
    ...onlyTold(told),
  };
}
