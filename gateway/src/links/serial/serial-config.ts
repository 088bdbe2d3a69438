export const SERIAL_PROTOCOLS = ['tapwatt', 'iec62056'] as const;

/** What is spoken on a line: the meter link of WIRE.md, or the read-out of foreign meters of IEC 62056-21 mode C. */
export type SerialProtocol = (typeof SERIAL_PROTOCOLS)[number];

export interface SerialMeterConfig {
  /** 1 … 247, or the device address of a foreign meter (empty where it is alone). */
  readonly address: number | string;
  readonly meterId?: string | undefined;
  /** How far a foreign meter's clock is from UTC. */
  readonly utcOffsetMinutes: number;
}

/** One serial port of this machine and what hangs on it. */
export interface SerialConfig {
  readonly device: string;
  readonly protocol: SerialProtocol;
  readonly baudRate: number;
  /** How often each meter is asked. */
  readonly pollIntervalMs: number;
  /** Without any, those of the meter link are searched for at the addresses 1 … `searchTo`. */
  readonly meters: readonly SerialMeterConfig[];
  readonly searchTo: number;
}

/** Numbers of the meters of other makers: no ledger knows them. */
export const foreignMetersOf = (lines: readonly SerialConfig[]): ReadonlySet<string> =>
  new Set(
    lines
      .filter(({ protocol }) => protocol === 'iec62056')
      .flatMap(({ meters }) => meters.map(({ meterId }) => meterId ?? '')),
  );
