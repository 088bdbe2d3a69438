// @ts-check
import { draw } from './dom.js';

/**
 * What a chart shows over time: bars or a line, and the times of which nothing is known. Times in Unix milliseconds; a value
 * that is not known is `undefined` and draws nothing.
 * @typedef {object} TimeChart
 * @property {string} label what a screen reader says
 * @property {number} width pixels
 * @property {number} fromMs
 * @property {number} toMs
 * @property {number} offsetMs of the clock whose whole hours and days are marked, from UTC
 * @property {'bars' | 'line' | 'steps'} kind
 * @property {readonly Mark[]} marks in order of time
 * @property {readonly Hole[]} holes
 * @property {(value: number) => string} valueText
 * @property {(atMs: number) => string} timeText
 *
 * @typedef {object} Mark
 * @property {number} fromMs
 * @property {number} toMs the same as `fromMs` on a line
 * @property {number | undefined} value
 * @property {string} title
 * @property {boolean} [late] it was not there when it was measured
 *
 * @typedef {{ fromMs: number, toMs: number, title: string }} Hole
 */

const HEIGHT = 170;
const EDGE = { left: 64, right: 8, top: 10, bottom: 22 };
const TICKS = 4;
const PIXELS_PER_LABEL = 70;
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const STEPS_MS = [
  ...[10, 30, 60, 120, 180, 360, 720].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 5, 10, 30, 60].map((days) => days * DAY_MS),
];
/** A lone reading between two gaps is no line, and is seen as a dot. */
const DOT = 2.5;

/** Draws it. @param {TimeChart} chart */
export function timeChart(chart) {
  const plot = scales(chart);
  const svg = draw('svg', {
    class: 'time-chart',
    viewBox: `0 0 ${chart.width} ${HEIGHT}`,
    role: 'img',
    'aria-label': chart.label,
  });
  svg.append(hatching(chart), ...chart.holes.map((hole) => gap(hole, chart, plot)), ...grid(chart, plot));
  svg.append(...(chart.kind === 'bars' ? bars(chart, plot) : line(chart, plot)));
  return svg;
}

/**
 * @typedef {object} Plot
 * @property {(atMs: number) => number} x
 * @property {(value: number) => number} y
 * @property {readonly number[]} ticks
 */

/** @param {TimeChart} chart @returns {Plot} */
function scales({ fromMs, toMs, width, marks }) {
  const values = marks.flatMap(({ value }) => (value === undefined ? [] : [value]));
  const ticks = niceTicks(Math.min(0, ...values), Math.max(0, ...values));
  const [bottom, top] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const [across, up] = [width - EDGE.left - EDGE.right, HEIGHT - EDGE.top - EDGE.bottom];
  return {
    ticks,
    x: (atMs) => EDGE.left + (Math.min(Math.max(atMs - fromMs, 0), toMs - fromMs) / (toMs - fromMs)) * across,
    y: (value) => EDGE.top + (1 - (value - bottom) / (top - bottom)) * up,
  };
}

/** Round numbers around a range. @param {number} low @param {number} high */
function niceTicks(low, high) {
  const rough = Math.max(high - low, 1) / TICKS;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => size >= rough) ?? rough;
  const first = Math.floor(low / step);
  const count = Math.max(Math.ceil(high / step) - first, 1);
  return Array.from({ length: count + 1 }, (_, index) => (first + index) * step);
}

/**
 * Whole hours or days, about so many as there is room for, none at the very edges.
 * @param {{ fromMs: number, toMs: number, offsetMs: number }} span @param {number} room
 */
function moments({ fromMs, toMs, offsetMs }, room) {
  const step = STEPS_MS.find((size) => (toMs - fromMs) / size <= room) ?? toMs - fromMs;
  const margin = ((toMs - fromMs) / room) * 0.3;
  const first = Math.ceil((fromMs + margin + offsetMs) / step) * step - offsetMs;
  const count = Math.max(0, Math.floor((toMs - margin - first) / step) + 1);
  return Array.from({ length: count }, (_, index) => first + index * step);
}

/** @param {TimeChart} chart @param {Plot} plot */
function grid({ width, fromMs, toMs, offsetMs, valueText, timeText }, { x, y, ticks }) {
  const across = ticks.flatMap((tick) => [
    draw('line', {
      class: tick === 0 ? 'base' : 'rule',
      ...{ x1: EDGE.left, x2: width - EDGE.right, y1: y(tick), y2: y(tick) },
    }),
    text(valueText(tick), { x: EDGE.left - 8, y: y(tick) + 4, 'text-anchor': 'end' }),
  ]);
  const along = moments({ fromMs, toMs, offsetMs }, (width - EDGE.left) / PIXELS_PER_LABEL).map((atMs) =>
    text(timeText(atMs), { x: x(atMs), y: HEIGHT - 6, 'text-anchor': 'middle' }),
  );
  return [...across, ...along];
}

/** @param {TimeChart} chart @param {Plot} plot */
function bars({ marks }, { x, y }) {
  return marks.flatMap(({ fromMs, toMs, value, title }) => {
    if (value === undefined) return [];
    const [left, right] = [x(fromMs), x(toMs)];
    const [top, bottom] = [y(Math.max(value, 0)), y(Math.min(value, 0))];
    const room = right - left > 4 ? 1 : 0;
    const place = { x: left + room / 2, width: Math.max(right - left - room, 0.5) };
    return [
      titled('rect', { class: 'bar-mark', ...place, y: top, height: Math.max(bottom - top, 0.8) }, title),
    ];
  });
}

/** @param {TimeChart} chart @param {Plot} plot */
function line(chart, { x, y }) {
  return pieces(chart).flatMap((piece) => {
    const corners = piece.map(({ fromMs, value }) => [x(fromMs), y(value)]);
    const points = chart.kind === 'steps' ? stepped(corners) : corners;
    const path = points.map(([left, top]) => `${left?.toFixed(1)},${top?.toFixed(1)}`).join(' ');
    const dots = piece
      .filter(({ late }) => late === true || piece.length === 1)
      .map(({ fromMs, value, title, late }) =>
        titled('circle', { class: late ? 'late' : 'dot', cx: x(fromMs), cy: y(value), r: DOT }, title),
      );
    return [draw('polyline', { class: 'line', points: path }), ...dots];
  });
}

/** Marks that belong together: a line never leads over a gap. @param {TimeChart} chart */
function pieces({ marks, holes }) {
  const known = marks.flatMap((mark) => (mark.value === undefined ? [] : [{ ...mark, value: mark.value }]));
  /** @type {(typeof known)[]} */
  const found = [];
  for (const mark of known) {
    const before = found.at(-1)?.at(-1);
    const isCut =
      before === undefined ||
      holes.some(
        (hole) => hole.fromMs >= before.fromMs && hole.toMs <= mark.fromMs && hole.toMs > hole.fromMs,
      );
    if (isCut) found.push([mark]);
    else found.at(-1)?.push(mark);
  }
  return found;
}

/** A value holds until the next one is told. @param {number[][]} corners */
function stepped(corners) {
  return corners.flatMap((corner, index) => {
    const before = corners[index - 1];
    return before === undefined ? [corner] : [[corner[0] ?? 0, before[1] ?? 0], corner];
  });
}

/** @param {Hole} hole @param {TimeChart} chart @param {Plot} plot */
function gap({ fromMs, toMs, title }, chart, { x }) {
  const place = {
    fill: `url(#${hatchingId(chart)})`,
    x: x(fromMs),
    width: Math.max(x(toMs) - x(fromMs), 1),
  };
  return titled(
    'rect',
    { class: 'gap', ...place, y: EDGE.top, height: HEIGHT - EDGE.top - EDGE.bottom },
    title,
  );
}

/** Every chart has its own: an id stands once in a page. @param {TimeChart} chart */
const hatchingId = ({ kind }) => `hatching-${kind}`;

/** @param {TimeChart} chart */
function hatching(chart) {
  const stripe = draw('line', { class: 'hatch', x1: 0, y1: 0, x2: 0, y2: 6 });
  const attributes = { id: hatchingId(chart), width: 6, height: 6, patternUnits: 'userSpaceOnUse' };
  return draw('defs', {}, draw('pattern', { ...attributes, patternTransform: 'rotate(45)' }, stripe));
}

/** @param {string} tag @param {Record<string, string | number>} attributes @param {string} words */
function titled(tag, attributes, words) {
  const title = draw('title');
  title.textContent = words;
  return draw(tag, attributes, title);
}

/** @param {string} words @param {Record<string, string | number>} attributes */
function text(words, attributes) {
  const element = draw('text', attributes);
  element.textContent = words;
  return element;
}
