/** Minutes of the day (meter time, UTC), the last one excluded, in which credit is no reason to disconnect; a range may span midnight. */
export interface FriendlyHours {
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** What decides how a meter charges and when it disconnects: set at the factory, then by desired states of the gateway. */
export interface MeterSettings {
  /** Price in minor units per kWh. */
  readonly tariffMinorPerKwh: bigint;
  /** Below this balance (minor units) the low-credit bit is set. */
  readonly lowCreditMinor: bigint;
  /** How far below zero the balance may fall before the relay opens, minor units. */
  readonly emergencyCreditMinor: bigint;
  readonly friendlyHours: readonly FriendlyHours[];
  /** `open` keeps the relay open whatever the credit; `auto` lets the credit decide. */
  readonly relay: 'auto' | 'open';
  /** Bit 5 of the status, set by the gateway. */
  readonly quarantined: boolean;
}

/** A household meter as it leaves the factory: 6.50 a kWh, low credit below 20.00, 5.00 of emergency credit. */
export const FACTORY_SETTINGS: MeterSettings = {
  tariffMinorPerKwh: 650n,
  lowCreditMinor: 2_000n,
  emergencyCreditMinor: 500n,
  friendlyHours: [],
  relay: 'auto',
  quarantined: false,
};
