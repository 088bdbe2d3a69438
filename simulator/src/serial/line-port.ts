/** What a device hears of its end of a serial line. */
export interface LinePortHandlers {
  readonly data: (bytes: Uint8Array) => void;
  /** The port is gone, and a new one has to be opened. */
  readonly closed: (reason: string) => void;
}

/** A device's end of a serial line. Bytes only. */
export interface LinePort {
  /** What is written to a port that is gone is lost. */
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** Opens a new port each time; rejects with what the machine says. */
export type OpenLinePort = (handlers: LinePortHandlers) => Promise<LinePort>;
