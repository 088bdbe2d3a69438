// @ts-check
import { ask } from './api.js';
import { byId, make, say } from './dom.js';
import { dateTime, energy, money, power } from './format.js';
import { timeChart } from './time-chart.js';

/** @typedef {import('../../telemetry/meter-series.ts').MeterSeries} MeterSeries */
/** @typedef {import('../../telemetry/meter-series.ts').Resolution} Resolution */
/** @typedef {import('./time-chart.js').Mark} Mark */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** @type {readonly { name: string, spanMs: number, resolution: Resolution }[]} */
const RANGES = [
  { name: '3 hours', spanMs: 3 * HOUR_MS, resolution: 'raw' },
  { name: '24 hours', spanMs: DAY_MS, resolution: 'hour' },
  { name: '7 days', spanMs: 7 * DAY_MS, resolution: 'hour' },
  { name: '30 days', spanMs: 30 * DAY_MS, resolution: 'day' },
  { name: '1 year', spanMs: 365 * DAY_MS, resolution: 'day' },
];
const REFRESH_MS = 10_000;
const NARROWEST = 280;

/** The view of one meter's consumption and balance. */
export function createMeterReadings() {
  const dialog = /** @type {HTMLDialogElement} */ (byId('readings'));
  let meterId = '';
  let range = RANGES[0];
  /** @type {MeterSeries | undefined} */
  let series;
  /** @type {AbortController | undefined} */
  let loading;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let refresh;

  const buttons = RANGES.map((one) => {
    const button = make('button', { type: 'button', 'aria-pressed': String(one === range) }, one.name);
    button.addEventListener('click', () => choose(one));
    return button;
  });
  byId('ranges').append(...buttons);
  dialog.addEventListener('close', () => {
    clearInterval(refresh);
    loading?.abort();
  });
  new ResizeObserver(() => show()).observe(byId('consumption-chart'));

  /** @param {typeof range} chosen */
  function choose(chosen) {
    range = chosen;
    for (const [index, button] of buttons.entries()) {
      button.setAttribute('aria-pressed', String(RANGES[index] === range));
    }
    void load();
  }

  async function load() {
    if (range === undefined) return;
    loading?.abort();
    loading = new AbortController();
    const to = Date.now();
    const query = new URLSearchParams({
      from: String(to - range.spanMs),
      to: String(to),
      resolution: range.resolution,
    });
    try {
      const response = await ask(`/api/v1/meters/${meterId}/readings?${query}`, loading.signal);
      const answer = await response.json();
      if (response.ok) {
        series = answer;
        show();
      } else say(byId('readings-note'), answer.message);
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return;
      say(byId('readings-note'), 'The readings cannot be read just now.');
    }
  }

  function show() {
    if (series === undefined || !dialog.open) return;
    showConsumption(series);
    showBalance(series);
    say(byId('readings-note'), noteOn(series));
  }

  return {
    /** @param {string} id */
    open(id) {
      meterId = id;
      series = undefined;
      say(byId('readings-title'), `Meter ${id}`);
      for (const name of ['consumption', 'balance']) {
        byId(`${name}-chart`).replaceChildren();
        say(byId(`${name}-figures`), '');
      }
      say(byId('readings-note'), 'Reading …');
      if (!dialog.open) dialog.showModal();
      clearInterval(refresh);
      refresh = setInterval(() => void load(), REFRESH_MS);
      void load();
    },
  };
}

/** @param {MeterSeries} series */
function showConsumption(series) {
  const isRaw = series.resolution === 'raw';
  const marks = isRaw ? powers(series) : consumptions(series);
  const total = totalOf(series);
  const what = isRaw ? 'Power' : `Consumption of each ${series.resolution}`;
  const known = total === undefined ? 'Nothing is known' : `${energy(total)} consumed`;
  say(byId('consumption-name'), what);
  say(byId('consumption-figures'), total === undefined ? 'no readings' : energy(total));
  put('consumption-chart', series, {
    ...{ kind: isRaw ? 'line' : 'bars', marks, valueText: isRaw ? power : energy },
    label: `${what} of meter ${series.meterId}. ${known}, ${series.gaps.length} gaps.`,
  });
}

/** @param {MeterSeries} series */
function showBalance(series) {
  /** @type {readonly { balance?: string, late?: boolean }[]} */
  const points = series.points;
  const marks = points.flatMap((point, index) => {
    if (point.balance === undefined) return [];
    const atMs = timeOf(series, index);
    const title = `${dateTime(atMs)}: ${money(point.balance)}`;
    return [{ fromMs: atMs, toMs: atMs, value: Number(point.balance), title, late: point.late === true }];
  });
  const last = points.findLast(({ balance }) => balance !== undefined)?.balance;
  say(byId('balance-figures'), money(last));
  put('balance-chart', series, {
    ...{ kind: 'steps', marks, valueText: (/** @type {number} */ value) => money(String(Math.round(value))) },
    label: `Balance of meter ${series.meterId}, last ${money(last)}.`,
  });
}

/**
 * @param {string} id @param {MeterSeries} series
 * @param {Pick<import('./time-chart.js').TimeChart, 'kind' | 'marks' | 'valueText' | 'label'>} shown
 */
function put(id, { fromMs, toMs, gaps, resolution }, shown) {
  const place = byId(id);
  const holes = gaps.map((gap) => ({ ...gap, title: gapTitle(gap) }));
  const timeText = timeTextOf(toMs - fromMs, resolution);
  const width = Math.max(place.clientWidth, NARROWEST);
  // Days are summed by UTC, so theirs are marked.
  const offsetMs = resolution === 'day' ? 0 : new Date(toMs).getTimezoneOffset() * -60_000;
  place.replaceChildren(timeChart({ ...shown, fromMs, toMs, offsetMs, width, holes, timeText }));
}

/** @param {Extract<MeterSeries, { resolution: 'raw' }>} series @returns {Mark[]} */
function powers(series) {
  return series.points.flatMap(({ atMs, powerW, late }) => {
    if (powerW === undefined) return [];
    const title = `${dateTime(atMs)}: ${power(powerW)}${late ? ' (came late)' : ''}`;
    return [{ fromMs: atMs, toMs: atMs, value: powerW, title, late }];
  });
}

/** @param {Exclude<MeterSeries, { resolution: 'raw' }>} series @returns {Mark[]} */
function consumptions(series) {
  return series.points.map(({ fromMs, toMs, consumedWh }) => ({
    ...{ fromMs, toMs, value: consumedWh },
    title: `${dateTime(fromMs)} to ${dateTime(toMs)}: ${energy(consumedWh ?? 0)}`,
  }));
}

/** What was consumed, gaps included where both their ends were read. @param {MeterSeries} series */
function totalOf(series) {
  if (series.resolution === 'raw') {
    const registers = series.points.flatMap(({ energyWh }) => (energyWh === undefined ? [] : [energyWh]));
    if (registers.length === 0) return undefined;
    return registers.reduce((sum, wh, index) => sum + Math.max(0, wh - (registers[index - 1] ?? wh)), 0);
  }
  if (series.points.length === 0) return undefined;
  return [...series.points, ...series.gaps].reduce((sum, { consumedWh = 0 }) => sum + consumedWh, 0);
}

/** When a point's balance was told; of an hour or a day, at its end. @param {MeterSeries} series @param {number} index */
function timeOf(series, index) {
  if (series.resolution === 'raw') return series.points[index]?.atMs ?? 0;
  return Math.min(series.points[index]?.toMs ?? 0, series.toMs);
}

/** @param {MeterSeries} series */
function noteOn({ gaps, resolution, truncated, points }) {
  if (points.length === 0) return 'Nothing was read from this meter in this time.';
  const hatched = gaps.length === 0 ? '' : 'Hatched: nothing was read then. ';
  const days = resolution === 'day' ? 'Days are those of UTC. ' : '';
  const late = resolution === 'raw' && points.some((point) => 'late' in point && point.late);
  const came = late ? 'Ringed: kept by the meter, came late. ' : '';
  return `${hatched}${came}${days}${truncated ? 'There are more readings than are shown.' : ''}`.trim();
}

/** @param {{ fromMs: number, toMs: number, consumedWh?: number }} gap */
function gapTitle({ fromMs, toMs, consumedWh }) {
  const meanwhile = consumedWh === undefined ? '' : `; ${energy(consumedWh)} consumed meanwhile`;
  return `Nothing read from ${dateTime(fromMs)} to ${dateTime(toMs)}${meanwhile}`;
}

/** @param {number} spanMs @param {Resolution} resolution @returns {(atMs: number) => string} */
function timeTextOf(spanMs, resolution) {
  if (spanMs <= DAY_MS + HOUR_MS) {
    return (atMs) => new Date(atMs).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  }
  /** @type {Intl.DateTimeFormatOptions} */
  const zone = resolution === 'day' ? { timeZone: 'UTC' } : {};
  return (atMs) => new Date(atMs).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', ...zone });
}
