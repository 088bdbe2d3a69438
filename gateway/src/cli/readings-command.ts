import { meterId, TapwattError } from '@tapwatt/firmware-contracts';
import type { Gap, MeterSeries, ReadingPoint, Resolution, SumPoint } from '../telemetry/meter-series.ts';
import { DAY_MS, HOUR_MS } from '../telemetry/store.ts';
import { connectGateway, type GatewayOptions, type Session } from './session.ts';
import { type Column, money, table, time } from './text.ts';

export interface ReadingsOptions extends GatewayOptions {
  /** Such as `24h` or `30d`. */
  readonly last?: string;
  /** ISO 8601; UTC where it names no zone. */
  readonly from?: string;
  readonly to?: string;
  readonly resolution?: string;
}

const UNIT_MS = { m: 60_000, h: HOUR_MS, d: DAY_MS } as const;
const DEFAULT_LAST = '24h';
const RESOLUTIONS = ['raw', 'hour', 'day'] as const satisfies readonly Resolution[];
/** Longer windows are summed, unless another resolution is asked for. */
const RAW_UP_TO_MS = 6 * HOUR_MS;
const HOURS_UP_TO_MS = 14 * DAY_MS;

/** `tapwatt meter readings`: what a meter told of itself in a window, gaps in their places. */
export async function showReadings(session: Session, id: string, options: ReadingsOptions): Promise<void> {
  const path = `/api/v1/meters/${meterId(id)}/readings`;
  const { fromMs, toMs } = windowOf(options, session.edges.nowMs());
  const resolution = resolutionOf(options, toMs - fromMs);
  const client = await connectGateway(session.edges, options);
  const query = new URLSearchParams({ from: String(fromMs), to: String(toMs), resolution });
  const series = await client.get<MeterSeries>(`${path}?${query}`);
  session.out.data(series, series.points.length === 0 ? 'No reading.' : rowsOf(series));
  if (series.truncated) session.out.note('There are more: go on with a later --from.');
}

function windowOf(
  options: ReadingsOptions,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  if (options.last !== undefined && options.from !== undefined) {
    throw new TapwattError('BAD_REQUEST', 'Either --last or --from, not both.');
  }
  const toMs = options.to === undefined ? nowMs : instant('--to', options.to);
  if (options.from !== undefined) return { fromMs: instant('--from', options.from), toMs };
  return { fromMs: toMs - spanOf(options.last ?? DEFAULT_LAST), toMs };
}

function spanOf(text: string): number {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (unit !== 'm' && unit !== 'h' && unit !== 'd') {
    throw new TapwattError('BAD_REQUEST', `--last: ${text} is no time such as 30m, 24h or 7d.`);
  }
  return Number(count) * UNIT_MS[unit];
}

function instant(flag: string, text: string): number {
  const isLocal = /^\d{4}-\d\d-\d\dT[\d:.]+$/.test(text);
  const atMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(isLocal ? `${text}Z` : text) : Number.NaN;
  if (Number.isNaN(atMs)) {
    throw new TapwattError(
      'BAD_REQUEST',
      `${flag}: ${text} is no time such as 2027-01-31 or 2027-01-31T18:00Z.`,
    );
  }
  return atMs;
}

function resolutionOf({ resolution }: ReadingsOptions, spanMs: number): Resolution {
  if (resolution === undefined) {
    if (spanMs <= RAW_UP_TO_MS) return 'raw';
    return spanMs <= HOURS_UP_TO_MS ? 'hour' : 'day';
  }
  const found = RESOLUTIONS.find((one) => one === resolution);
  if (found !== undefined) return found;
  throw new TapwattError('BAD_REQUEST', `--resolution: one of ${RESOLUTIONS.join(', ')}`);
}

/** A line of the table, or what stands between two of them. */
type Line<P> = { readonly atMs: number } & ({ readonly point: P } | { readonly gap: Gap });

function rowsOf(series: MeterSeries): string {
  return series.resolution === 'raw'
    ? table(
        READING_COLUMNS,
        lines(series.points, series.gaps, ({ atMs }) => atMs),
      )
    : table(
        SUM_COLUMNS,
        lines(series.points, series.gaps, ({ fromMs }) => fromMs),
      );
}

function lines<P>(
  points: readonly P[],
  gaps: readonly Gap[],
  atMsOf: (point: P) => number,
): readonly Line<P>[] {
  return [
    ...points.map((point) => ({ atMs: atMsOf(point), point })),
    // Behind the reading that it begins with.
    ...gaps.map((gap) => ({ atMs: gap.fromMs + 0.5, gap })),
  ].sort((one, other) => one.atMs - other.atMs);
}

const column = <P>(
  title: string,
  cell: (point: P) => string,
  inGap?: (gap: Gap) => string,
): Column<Line<P>> => ({
  title,
  cell: (line) => ('point' in line ? cell(line.point) : (inGap?.(line.gap) ?? '')),
  right: true,
});

const shown = (value: number | undefined): string => (value === undefined ? '-' : String(value));
const moneyOrDash = (minor: string | undefined): string => (minor === undefined ? '-' : money(minor));
const consumed = ({ consumedWh }: { readonly consumedWh?: number }): string => shown(consumedWh);
const timeColumn = <P>(): Column<Line<P>> => ({
  title: 'TIME (UTC)',
  cell: ({ atMs }) => time(Math.floor(atMs / 1_000)),
});
const noteColumn = <P>(note: (point: P) => string): Column<Line<P>> => ({
  title: 'NOTES',
  cell: (line) =>
    'point' in line ? note(line.point) : `nothing read until ${time(Math.floor(line.gap.toMs / 1_000))}`,
});

const READING_COLUMNS: readonly Column<Line<ReadingPoint>>[] = [
  timeColumn(),
  column(
    'ENERGY WH',
    ({ energyWh }) => shown(energyWh),
    ({ consumedWh }) => (consumedWh === undefined ? '' : `+${consumedWh}`),
  ),
  column('POWER W', ({ powerW }) => shown(powerW)),
  column('BALANCE', ({ balance }) => moneyOrDash(balance)),
  column('RELAY', ({ relay }) => relay ?? '-'),
  noteColumn(noteOn),
];

const SUM_COLUMNS: readonly Column<Line<SumPoint>>[] = [
  timeColumn(),
  column('CONSUMED WH', consumed, consumed),
  column('MEAN W', ({ powerW }) => shown(powerW)),
  column('MAX W', ({ maxPowerW }) => shown(maxPowerW)),
  column('BALANCE', ({ balance }) => moneyOrDash(balance)),
  column('READINGS', ({ readings }) => String(readings)),
  noteColumn(() => ''),
];

function noteOn({ source, link, event, tamper, late, timeOf }: ReadingPoint): string {
  const notes = [
    source === 'tele' ? '' : (event ?? source),
    link === 'mqtt' ? '' : link,
    tamper === true && event !== 'tamper' ? 'tamper' : '',
    late ? 'came late' : '',
    timeOf === 'gateway' ? 'by the gateway’s clock' : '',
  ];
  return notes.filter((note) => note !== '').join(', ');
}
