import type { Measured, Reading } from '../reading.ts';

/** Of a meter whose clock is right, a second before it came. */
export function measured(more: Partial<Measured> & { readonly atMs: number }): Measured {
  const { atMs, ...told } = more;
  return {
    meterId: '7',
    link: 'mqtt',
    source: 'tele',
    receivedAtMs: atMs + 1_000,
    meterTimeS: Math.floor(atMs / 1_000),
    clockTrust: 2,
    ...told,
  };
}

/** The same with a moment of its own. */
export function reading(more: Partial<Reading> & { readonly atMs: number }): Reading {
  const { atUs, timeOf, ...told } = more;
  return { ...measured(told), atUs: atUs ?? more.atMs * 1_000, timeOf: timeOf ?? 'meter' };
}
