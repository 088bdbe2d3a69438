import { performance } from 'node:perf_hooks';
import { percentiles, type RedeemFigures, round, type SpanFigures } from './load-protocol.ts';

/** When a request was sent and answered, `performance.now()`; 0 where that was not yet. */
export interface Timed {
  sentMs: number;
  onMeterMs: number;
  settledMs: number;
}

/** `cpu` is what the load's own process used. */
export function figuresOf(all: readonly Timed[], cpu: NodeJS.CpuUsage): RedeemFigures {
  const landed = all.filter((one) => one.onMeterMs > 0 && one.settledMs > 0);
  const firstMs = Math.min(...all.map((one) => one.sentMs));
  const seconds = (Math.max(...landed.map((one) => one.onMeterMs), firstMs) - firstMs) / 1000;
  const settledSeconds = (Math.max(...landed.map((one) => one.settledMs), firstMs) - firstMs) / 1000;
  return {
    asked: all.length,
    lost: all.length - landed.length,
    seconds: round(seconds),
    perSecond: round(landed.length / seconds),
    settledPerSecond: round(landed.length / settledSeconds),
    onMeter: percentiles(landed.map((one) => one.onMeterMs - one.sentMs)),
    settled: percentiles(landed.map((one) => one.settledMs - one.sentMs)),
    loadCpuMs: round((cpu.user + cpu.system) / 1000 / all.length),
  };
}

/** What became of the requests that were sent in a span of time, Unix ms. */
export function spanOf(
  all: readonly Timed[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): SpanFigures {
  const [from, to] = [fromMs - performance.timeOrigin, toMs - performance.timeOrigin];
  const sent = all.filter(({ sentMs }) => sentMs > 0 && sentMs >= from && sentMs < to);
  const landed = sent.filter(({ onMeterMs }) => onMeterMs > 0);
  const settled = sent.filter(({ settledMs }) => settledMs > 0);
  return {
    sent: sent.length,
    onMeter: percentiles(landed.map(({ onMeterMs, sentMs }) => onMeterMs - sentMs)),
    notOnMeter: sent.length - landed.length,
    notSettled: sent.length - settled.length,
    lastSettledMs: round(Math.max(0, ...settled.map(({ settledMs }) => settledMs - to))),
  };
}
