import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MeterSeries, ReadingPoint, SumPoint } from '../telemetry/meter-series.ts';
import { StubDocument, type StubElement } from './stub-dom.fixture.ts';

const HOUR_MS = 3_600_000;
const FROM_MS = Date.UTC(2026, 0, 5, 6);

interface Mark {
  readonly fromMs: number;
  readonly toMs: number;
  readonly value: number | undefined;
  readonly title: string;
}
type TimeChart = (chart: object) => StubElement;

/** The page's scripts are JavaScript for browsers, so their types are told here. */
const script = async <T>(name: string): Promise<T> =>
  (await import(new URL(`./page/${name}`, import.meta.url).href)) as T;

let document: StubDocument;
beforeEach(() => {
  document = new StubDocument();
  vi.stubGlobal('document', document);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('a chart over time', () => {
  const chartOf = async (kind: 'bars' | 'line' | 'steps', marks: readonly Mark[]): Promise<StubElement> => {
    const { timeChart } = await script<{ timeChart: TimeChart }>('time-chart.js');
    return timeChart({
      ...{ label: 'of a meter', width: 472, fromMs: FROM_MS, toMs: FROM_MS + 4 * HOUR_MS, offsetMs: 0 },
      ...{ kind, marks, valueText: String, timeText: String },
      // A plot 400 pixels wide, 100 an hour, begins at 64.
      holes: [{ fromMs: FROM_MS + HOUR_MS, toMs: FROM_MS + 2 * HOUR_MS, title: 'nothing read' }],
    });
  };
  const hour = (at: number, value: number | undefined): Mark => ({
    ...{ fromMs: FROM_MS + at * HOUR_MS, toMs: FROM_MS + (at + 1) * HOUR_MS, value, title: `hour ${at}` },
  });
  const moment = (at: number, value: number): Mark => ({ ...hour(at, value), toMs: FROM_MS + at * HOUR_MS });
  const cornersOf = (line: StubElement | undefined): readonly string[] =>
    line?.attributes.get('points')?.split(' ') ?? [];

  it('has a bar for each hour that is known, as high as its value, and a hatched gap for the other', async () => {
    const chart = await chartOf('bars', [hour(0, 100), hour(1, undefined), hour(2, 50), hour(3, 0)]);
    const bars = chart.all('bar-mark');
    expect(bars.map(({ title }) => title)).toEqual(['hour 0', 'hour 2', 'hour 3']);
    expect(bars.map((bar) => [bar.number('x'), bar.number('width')])).toEqual([
      [64.5, 99],
      [264.5, 99],
      [364.5, 99],
    ]);
    const [full = 0, half = 0, none = 0] = bars.map((bar) => bar.number('height'));
    expect(half).toBeCloseTo(full / 2);
    expect(none).toBeLessThan(1);
    const gaps = chart.all('gap');
    expect(gaps.map((gap) => [gap.number('x'), gap.number('width'), gap.title])).toEqual([
      [164, 100, 'nothing read'],
    ]);
    expect(gaps[0]?.attributes.get('fill')).toBe('url(#hatching-bars)');
  });

  it('draws no line over a gap, and a lone reading beside it as a dot', async () => {
    const chart = await chartOf('line', [moment(0, 10), moment(0.5, 20), moment(3, 30)]);
    const lines = chart.all('line').filter(({ tag }) => tag === 'polyline');
    expect(lines.map((line) => cornersOf(line).length)).toEqual([2, 1]);
    expect(chart.all('dot').map((dot) => dot.number('cx'))).toEqual([364]);
    expect(chart.all('gap')).toHaveLength(1);
  });

  it('draws steps that hold a value until the next one is told', async () => {
    const chart = await chartOf('steps', [moment(2, 10), moment(3, 20), moment(4, 20)]);
    const corners = cornersOf(chart.all('line').find(({ tag }) => tag === 'polyline')).map((corner) =>
      corner.split(',').map(Number),
    );
    expect(corners.map(([x]) => x)).toEqual([264, 364, 364, 464, 464]);
    const [first, held, risen, heldAgain, last] = corners.map(([, y]) => y);
    expect([held, heldAgain]).toEqual([first, risen]);
    expect(last).toBe(risen);
    expect(risen).toBeLessThan(first ?? 0);
  });
});

describe('the view of a meter’s readings', () => {
  const reading = (minute: number, powerW: number, balance: string): ReadingPoint =>
    ({
      atMs: FROM_MS + minute * 60_000,
      powerW,
      balance,
      energyWh: 1_000 + minute,
      late: false,
    }) as ReadingPoint;
  const sum = (at: number, consumedWh?: number): SumPoint =>
    ({
      ...{ fromMs: FROM_MS + at * HOUR_MS, toMs: FROM_MS + (at + 1) * HOUR_MS, balance: '5000' },
      ...(consumedWh === undefined ? {} : { consumedWh }),
    }) as SumPoint;
  const about = { meterId: '7', fromMs: FROM_MS, toMs: FROM_MS + 3 * HOUR_MS, truncated: false };
  const gaps = [{ fromMs: FROM_MS + HOUR_MS, toMs: FROM_MS + 2 * HOUR_MS, consumedWh: 40 }];
  const answers: Readonly<Record<string, MeterSeries>> = {
    raw: {
      ...{ ...about, resolution: 'raw', gaps },
      points: [reading(0, 100, '900'), reading(30, 200, '800'), reading(150, 50, '700')],
    },
    hour: { ...about, resolution: 'hour', gaps, points: [sum(0, 500), sum(1), sum(2, 250)] },
  };
  const chart = (name: string): StubElement => document.getElementById(`${name}-chart`);

  it('draws power and balance with their gap, then each hour as a bar', async () => {
    vi.stubGlobal(
      'ResizeObserver',
      class {
        observe(): void {}
      },
    );
    vi.stubGlobal('sessionStorage', { getItem: () => null });
    vi.stubGlobal('fetch', async (path: string) => {
      const resolution = new URL(path, 'http://page').searchParams.get('resolution') ?? '';
      return Response.json(answers[resolution]);
    });
    const { createMeterReadings } = await script<{
      createMeterReadings(): { open(meterId: string): void };
    }>('meter-readings.js');
    const view = createMeterReadings();
    try {
      view.open('7');
      await vi.waitFor(() => expect(chart('consumption').all('gap')).toHaveLength(1), 10_000);
      expect(chart('consumption').all('gap')[0]?.title).toContain('40 Wh consumed meanwhile');
      const lines = chart('consumption').all('line');
      expect(lines).toHaveLength(2);
      expect(chart('consumption').all('bar-mark')).toEqual([]);
      expect(chart('balance').all('gap')).toHaveLength(1);
      const [steps = ''] = chart('balance')
        .all('line')
        .map((line) => line.attributes.get('points') ?? '');
      expect(steps.split(' ')).toHaveLength(3);
      expect(document.getElementById('readings-note').textContent).toContain('Hatched');

      const byHour = document.getElementById('ranges').children[1];
      byHour?.listeners.get('click')?.();
      await vi.waitFor(() => expect(chart('consumption').all('bar-mark')).toHaveLength(2), 10_000);
      expect(chart('consumption').all('gap')).toHaveLength(1);
      expect(document.getElementById('consumption-figures').textContent).toBe('790 Wh');
    } finally {
      document.getElementById('readings').listeners.get('close')?.();
    }
  });
});
