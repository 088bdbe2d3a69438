import type { LinkName } from '../redemption/types.ts';

/**
 * What a reading was taken from: `tele` and `event` are JSON without a MAC, `status` and `receipt` authentic frames,
 * `register` the read-out of a foreign meter (IEC 62056-21).
 */
export type ReadingSource = 'tele' | 'event' | 'status' | 'receipt' | 'register';

export const EVENT_KINDS = ['tamper', 'relay', 'power', 'clock', 'low-credit'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Of either sign: what every store and every page holds exactly. */
export const MAX_BALANCE = BigInt(Number.MAX_SAFE_INTEGER);

/** What was measured; each way tells some of it. Whole numbers that a double holds exactly, the balance as bigint. */
export interface ReadingValues {
  /** The register: what was consumed since it was made. */
  readonly energyWh?: number;
  readonly powerW?: number;
  readonly voltageMv?: number;
  readonly currentMa?: number;
  /** Minor units, as the meter tells it and within `MAX_BALANCE`; for people to look at, never for money. */
  readonly balance?: bigint;
  readonly relay?: 'closed' | 'open';
  readonly tamper?: boolean;
  readonly signalDbm?: number;
  readonly event?: EventKind;
}

/** What a link hands over: what a meter measured, by its own clock and by the gateway's. */
export interface Measured extends ReadingValues {
  readonly meterId: string;
  /** The way by which it came to the gateway. */
  readonly link: LinkName;
  readonly source: ReadingSource;
  /** When it came, by the gateway's clock, Unix milliseconds. */
  readonly receivedAtMs: number;
  /** When it was measured, by the meter's clock, Unix seconds; absent where the way carries no time. */
  readonly meterTimeS?: number;
  /** 0 none · 1 set by a courier · 2 synchronised (WIRE.md "Receipt"). */
  readonly clockTrust: 0 | 1 | 2;
}

/** A reading with the moment that it tells of. */
export interface Reading extends Measured {
  /** Unix microseconds; two different readings of one meter never share it (`momentOf`). */
  readonly atUs: number;
  /** Whose clock the moment follows. */
  readonly timeOf: 'meter' | 'gateway';
}

/** Only what is told: members that a row has without a value are left out, as in a `Reading`. */
export const onlyTold = (members: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined));

/** Where every link leaves what it has read. Both return at once, keep what they hold bounded, and throw nothing. */
export interface ReadingSink {
  record(measured: Measured): void;
  /** Something came from this meter that is no reading. */
  malformed(meterId: string): void;
}

/** For a gateway that keeps no readings. */
export const NO_READINGS: ReadingSink = { record: () => undefined, malformed: () => undefined };
