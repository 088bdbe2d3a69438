import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';

/** The events of the library's lower half: its state changes are seen there before anything is made of them. */
export interface PcscReader extends EventEmitter {
  /** Of the last status but this one, while this one is told. */
  readonly state?: number;
  readonly SCARD_STATE_PRESENT: number;
}

/** What is used of a reader of nfc-pcsc 0.8.1. */
export interface PcscNfcReader extends EventEmitter {
  readonly name: string;
  readonly reader: PcscReader;
  /** Off: it would send commands of its own to each card. */
  autoProcessing: boolean;
  readonly card: { readonly atr?: Buffer } | null;
  readonly connection: { readonly protocol?: number } | null;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  transmit(command: Buffer, responseMaxLength: number): Promise<Buffer>;
}

export interface PcscNfc extends EventEmitter {
  close(): void;
}

/** Loads nfc-pcsc, which is there only where it was wanted and compiled. Throws what Node says otherwise. */
export function loadNfcPcsc(): new () => PcscNfc {
  const loaded = createRequire(import.meta.url)('nfc-pcsc') as { readonly NFC: new () => PcscNfc };
  return loaded.NFC;
}
