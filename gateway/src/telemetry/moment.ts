import type { Measured, Reading } from './reading.ts';

export interface MomentLimits {
  /** A meter's clock may be ahead of the gateway's by this much; beyond it the gateway's time counts. */
  readonly maxAheadMs: number;
  /** A reading that is older than this has no place any more. */
  readonly maxAgeMs: number;
}

/** A reading that comes within this time of its meter's second, before or after, was not kept by the meter. */
const LIVE_MS = 5_000;
const US_PER_S = 1_000_000;
const US_PER_MS = 1_000;

/**
 * The reading with the moment that it tells of; `undefined` when it is too old to be kept.
 *
 * A trusted meter clock counts, so that what a meter kept while it was away lies where it was measured; else, and for what
 * claims to come from the future, the gateway's. Below that clock's own resolution stands the order in which readings came
 * while they were fresh, and last a fingerprint of the content: a store that overwrites what has the same meter and time keeps
 * two different readings of one second both, and what a meter kept once, however often it sends it.
 */
export function momentOf(measured: Measured, limits: MomentLimits): Reading | undefined {
  const { meterTimeS, clockTrust, receivedAtMs } = measured;
  const mark = fingerprint(measured);
  if (meterTimeS !== undefined && clockTrust > 0) {
    const meterMs = meterTimeS * 1_000;
    if (meterMs < receivedAtMs - limits.maxAgeMs) return undefined;
    if (meterMs <= receivedAtMs + limits.maxAheadMs) {
      const withinUs = withinSecondUs(receivedAtMs - meterMs, mark);
      return { ...measured, atUs: meterTimeS * US_PER_S + withinUs, timeOf: 'meter' };
    }
  }
  return { ...measured, atUs: receivedAtMs * US_PER_MS + (mark % US_PER_MS), timeOf: 'gateway' };
}

/** Twice `LIVE_MS` spread over the milliseconds of one second, so that what came later stands behind. */
function withinSecondUs(lagMs: number, mark: number): number {
  if (lagMs < -LIVE_MS || lagMs >= LIVE_MS) return mark % US_PER_S;
  const place = Math.floor(((lagMs + LIVE_MS) * 1_000) / (2 * LIVE_MS));
  return place * US_PER_MS + (mark % US_PER_MS);
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over what was measured, without when and how it came: it need not resist anybody, a meter harms only itself. */
function fingerprint(reading: Measured): number {
  const { meterTimeS, energyWh, powerW, voltageMv, currentMa, balance, relay, tamper, signalDbm, event } =
    reading;
  const text = `${meterTimeS},${energyWh},${powerW},${voltageMv},${currentMa},${balance},${relay},${tamper},${signalDbm},${event}`;
  let hash = FNV_OFFSET;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  }
  return hash >>> 0;
}
