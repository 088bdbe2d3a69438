// @ts-check
import { draw, make } from './dom.js';
import { duration } from './format.js';

const WIDTH = 240;
const HEIGHT = 60;
const MAX_BARS = 40;

/** @typedef {import('../../http/live-feed.ts').LatencySummary} LatencySummary */

/** A line over the last minute. @param {readonly number[]} series */
export function sparkline(series) {
  const top = Math.max(1, ...series);
  const points = series.map((value, index) => {
    const x = (index / Math.max(1, series.length - 1)) * WIDTH;
    return `${x.toFixed(1)},${(HEIGHT - 2 - (value / top) * (HEIGHT - 8)).toFixed(1)}`;
  });
  const label = `Settled vouchers in each of the last ${series.length} seconds, at most ${Math.max(...series, 0)}`;
  const chart = frame(label);
  chart.append(
    draw('polygon', { class: 'area', points: `0,${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}` }),
    draw('polyline', { class: 'line', points: points.join(' ') }),
  );
  return withAxis(chart, '1 min ago', 'now');
}

/** How often it took how long; each bar is one range of the histogram. @param {LatencySummary} latency */
export function histogram(latency) {
  const bars = merged(latency.buckets);
  const top = Math.max(1, ...bars.map((bar) => bar.count));
  const width = WIDTH / Math.max(bars.length, 1);
  const chart = frame(
    `p50 ${duration(latency.p50Ms)}, p90 ${duration(latency.p90Ms)}, p99 ${duration(latency.p99Ms)}`,
  );
  bars.forEach((bar, index) => {
    const height = bar.count === 0 ? 0 : Math.max(1.5, (bar.count / top) * (HEIGHT - 6));
    const title = draw('title');
    title.textContent = `up to ${duration(bar.upToMs)}: ${bar.count}`;
    chart.append(
      draw(
        'rect',
        {
          class: 'bar-mark',
          x: (index * width).toFixed(2),
          y: (HEIGHT - 1 - height).toFixed(2),
          width: (width * 0.82).toFixed(2),
          height: height.toFixed(2),
          rx: 1,
        },
        title,
      ),
    );
  });
  const first = bars[0];
  const last = bars.at(-1);
  if (first === undefined || last === undefined) return withAxis(chart, 'nothing yet', '');
  return withAxis(chart, `≤ ${duration(first.upToMs)}`, `≤ ${duration(last.upToMs)}`);
}

/** Neighbouring ranges together, so that no chart has more bars than can be seen. @param {LatencySummary['buckets']} buckets */
function merged(buckets) {
  const size = Math.ceil(buckets.length / MAX_BARS);
  /** @type {{ upToMs: number, count: number }[]} */
  const bars = [];
  for (let start = 0; start < buckets.length; start += size) {
    const part = buckets.slice(start, start + size);
    bars.push({
      upToMs: part.at(-1)?.upToMs ?? 0,
      count: part.reduce((sum, bucket) => sum + bucket.count, 0),
    });
  }
  return bars;
}

/** @param {string} label */
function frame(label) {
  return draw(
    'svg',
    {
      class: 'chart',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': label,
    },
    draw('line', { class: 'base', x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5 }),
  );
}

/** @param {Element} chart @param {string} left @param {string} right */
function withAxis(chart, left, right) {
  return [
    chart,
    make('div', { class: 'axis', 'aria-hidden': 'true' }, make('span', {}, left), make('span', {}, right)),
  ];
}
