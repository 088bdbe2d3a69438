import { LINE_ADDRESS_MIN } from '@tapwatt/firmware-contracts';
import type { Clock } from '../../edges/edges.ts';
import type { Redemptions } from '../../redemption/redemptions.ts';
import type { ReadingSink } from '../../telemetry/reading.ts';
import type { TapReport, Taps } from '../tap/taps.ts';
import { speakForeign } from './foreign-line.ts';
import type { ForeignFrame, ForeignReadOut } from './iec62056/read-out.ts';
import { speakMeterLink } from './meter-line.ts';
import type { SerialConfig } from './serial-config.ts';
import { createSerialLine, type LineState, type SerialLine } from './serial-line.ts';
import type { OpenPort } from './serial-port.ts';

/** What is worth a line in the log; the device says which port. */
export type SerialEvent =
  | { readonly type: 'line'; readonly state: LineState }
  | {
      readonly type: 'meter-found';
      readonly device: string;
      readonly address: number;
      readonly meterId: string;
    }
  | {
      readonly type: 'meter-lost';
      readonly device: string;
      readonly address: number;
      readonly meterId: string;
    }
  /** One that the configuration names and nobody has met yet. */
  | {
      readonly type: 'meter-silent';
      readonly device: string;
      readonly address: number;
      readonly meterId: string | undefined;
    }
  /** Another meter, or none of ours, answers at this address. */
  | { readonly type: 'unexpected'; readonly device: string; readonly address: number; readonly what: string }
  | { readonly type: 'foreign'; readonly device: string; readonly meterId: string; readonly what: string };

export interface SerialLinkPorts {
  readonly lines: readonly SerialConfig[];
  readonly openPort: OpenPort;
  readonly taps: Pick<Taps, 'tap'>;
  readonly redemptions: Pick<Redemptions, 'reachable'>;
  readonly readings: ReadingSink;
  readonly onEvent: (event: SerialEvent) => void;
  /** What is said to foreign meters and by them. */
  readonly onForeignFrame?: (meterId: string, frame: ForeignFrame) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A meter that the configuration names and that does not answer. */
export interface SilentMeter {
  readonly address: number | string;
  readonly meterId?: string | undefined;
}

/** How the serial lines are, for an operator. */
export interface SerialView {
  readonly lines: readonly (LineState & {
    /** Numbers of the meters that answer. */
    readonly meters: readonly string[];
    readonly silent: readonly SilentMeter[];
  })[];
}

/** The serial lines of a gateway: meters polled in turn, and woken when something waits for them. */
export interface SerialLink {
  start(): void;
  /** Whether the meter is on one of the lines; it is asked soon. */
  wake(meterId: string): boolean;
  view(): SerialView;
  /** By device. */
  figures(): Readonly<Record<string, Readonly<Record<string, number | string>>>>;
  /** Resolves when all ports are closed after `signal` has aborted. */
  stopped(): Promise<void>;
}

interface Place {
  readonly line: SerialLine;
  readonly address: number;
}

export function createSerialLink(ports: SerialLinkPorts): SerialLink {
  const places = new Map<string, Place>();
  const lines = ports.lines.map((config) =>
    config.protocol === 'tapwatt' ? meterLine(ports, config, places) : foreignLine(ports, config),
  );
  return {
    start() {
      for (const { line } of lines) line.start();
    },
    wake(meterId) {
      const place = places.get(meterId);
      place?.line.wake(place.address);
      return place !== undefined;
    },
    view: () => ({
      lines: lines.map(({ line, meters, silent }) => ({ ...line.state, meters: meters(), silent: silent() })),
    }),
    figures: () =>
      Object.fromEntries(
        lines.map(({ line, meters, silent }) => [
          line.state.device,
          { state: line.state.state, meters: meters().length, silent: silent().length, ...line.figures },
        ]),
      ),
    async stopped() {
      await Promise.all(lines.map(({ line }) => line.stopped()));
    },
  };
}

interface Line {
  readonly line: SerialLine;
  /** Numbers of the meters that answer. */
  readonly meters: () => readonly string[];
  readonly silent: () => readonly SilentMeter[];
}

/** Visits in a row without an answer before a meter that was never met is called silent: the first asks only once. */
const SILENT_AFTER = 2;

const settingsOf = ({ device, baudRate }: SerialConfig) => ({ device, baudRate });

function meterLine(ports: SerialLinkPorts, config: SerialConfig, places: Map<string, Place>): Line {
  const { taps, clock, signal, onEvent } = ports;
  const { device, baudRate } = config;
  const present = new Map<number, string>();
  const expected = new Map(config.meters.map(({ address, meterId }) => [Number(address), meterId]));

  function lose(address: number): void {
    const meterId = present.get(address);
    if (meterId === undefined) return;
    present.delete(address);
    if (places.get(meterId)?.line === line) places.delete(meterId);
    ports.redemptions.reachable(meterId, false, 'serial');
    onEvent({ type: 'meter-lost', device, address, meterId });
  }

  function find(address: number, meterId: string): void {
    if (present.get(address) === meterId) return;
    lose(address);
    present.set(address, meterId);
    places.set(meterId, { line, address });
    onEvent({ type: 'meter-found', device, address, meterId });
    const wanted = expected.get(address);
    if (wanted !== undefined && wanted !== meterId)
      onEvent({ type: 'unexpected', device, address, what: `meter ${meterId}, not ${wanted}` });
  }

  /** Visits in a row that a named meter left unanswered. */
  const missed = new Map<number, number>();
  const silent = () =>
    [...missed]
      .filter(([, visits]) => visits >= SILENT_AFTER)
      .map(([address]) => ({ address, meterId: expected.get(address) }));

  function miss(address: number): void {
    if (!expected.has(address) || signal.aborted || line.state.state !== 'open') return;
    // One that was met was asked often enough, and its loss is told.
    const isLost = present.has(address);
    const visits = isLost ? SILENT_AFTER : Math.min(SILENT_AFTER, missed.get(address) ?? 0) + 1;
    missed.set(address, visits);
    if (visits === SILENT_AFTER && !isLost)
      onEvent({ type: 'meter-silent', device, address, meterId: expected.get(address) });
  }

  function onVisit(address: number, { end, meterId }: TapReport): void {
    if (end === 'torn') miss(address);
    else missed.delete(address);
    if (end === 'done' && meterId !== undefined) {
      find(address, meterId);
      return;
    }
    lose(address);
    // It was met and then torn: nobody reaches it here any more.
    if (end === 'torn' && meterId !== undefined) ports.redemptions.reachable(meterId, false, 'serial');
    if (end !== 'torn') onEvent({ type: 'unexpected', device, address, what: WHAT_ANSWERED[end] });
  }

  const line = createSerialLine({
    settings: settingsOf(config),
    addresses: expected.size > 0 ? [...expected.keys()] : addressesTo(config.searchTo),
    intervalMs: config.pollIntervalMs,
    openPort: ports.openPort,
    speak: speakMeterLink({
      ...{ baudRate, taps, clock, onVisit },
      expectedAt: (address) => expected.get(address),
    }),
    onState(state) {
      onEvent({ type: 'line', state });
      if (state.state !== 'away') return;
      missed.clear();
      for (const address of [...present.keys()]) lose(address);
    },
    ...{ clock, signal },
  });
  return { line, meters: () => [...present.values()], silent };
}

const WHAT_ANSWERED: Readonly<Record<Exclude<TapReport['end'], 'torn'>, string>> = {
  done: 'a meter that does not say who it is',
  'no-meter': 'a device that does not know our commands',
  broken: 'a device that does not keep to the contract',
  stranger: 'a meter whose key is not that of the meter that it claims to be',
};

const addressesTo = (last: number): readonly number[] =>
  Array.from({ length: last - LINE_ADDRESS_MIN + 1 }, (_, index) => LINE_ADDRESS_MIN + index);

function foreignLine(ports: SerialLinkPorts, config: SerialConfig): Line {
  const { clock, signal, onEvent } = ports;
  const { device } = config;
  const onFrame = ports.onForeignFrame ?? (() => undefined);
  const meters = config.meters.map(({ address, meterId = '', utcOffsetMinutes }) => ({
    ...{ address: String(address), meterId, utcOffsetMinutes },
  }));
  const states = new Map<number, ForeignReadOut['status']>();
  function onVisit(index: number, readOut: ForeignReadOut): void {
    const meterId = meters[index]?.meterId ?? '';
    const isNews = states.get(index) !== readOut.status;
    states.set(index, readOut.status);
    const what = readOut.status === 'read' ? `${readOut.manufacturer} ${readOut.device}` : readOut.status;
    if (isNews) onEvent({ type: 'foreign', device, meterId, what });
  }
  const line = createSerialLine({
    settings: settingsOf(config),
    addresses: meters.map((_, index) => index),
    intervalMs: config.pollIntervalMs,
    openPort: ports.openPort,
    speak: speakForeign({ meters, readings: ports.readings, clock, onVisit, onFrame }),
    onState: (state) => onEvent({ type: 'line', state }),
    ...{ clock, signal },
  });
  const read = () => meters.filter((_, index) => states.get(index) === 'read').map(({ meterId }) => meterId);
  const silent = () => meters.filter((_, index) => states.get(index) === 'silent');
  return { line, meters: read, silent };
}
