/** What a port tells while it is open. */
export interface PortHandlers {
  readonly data: (bytes: Uint8Array) => void;
  /** Once, and nothing after it: pulled out, lost, or closed by us. */
  readonly closed: (reason: string) => void;
}

/** An open serial port, 8N1. After it closed, another has to be opened. */
export interface SerialPort {
  /** Resolves when the bytes have left the machine's buffers, as far as its driver tells; rejects where the port is gone. */
  write(bytes: Uint8Array): Promise<void>;
  setBaudRate(baudRate: number): Promise<void>;
  close(): Promise<void>;
}

export interface PortSettings {
  readonly device: string;
  readonly baudRate: number;
}

/** Opens a new port object each time. Rejects with the machine's own words: no such device, no permission, in use. */
export type OpenPort = (settings: PortSettings, handlers: PortHandlers) => Promise<SerialPort>;
