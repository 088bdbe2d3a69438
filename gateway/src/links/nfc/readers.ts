import type { Transmit } from '../tap/taps.ts';

/** A card, a phone or a meter in the field of a reader. */
export interface CardAtReader {
  readonly reader: string;
  /** Answer to reset, as the reader tells it. */
  readonly atr: Uint8Array;
  /** One command at a time; rejects where the card is gone, or with the reason of its signal. */
  readonly transmit: Transmit;
  /** Aborts when the card is taken away. */
  readonly gone: AbortSignal;
  /** Looks anew at what is in the field: a card that is there is told of as one that has just come. */
  again(): void;
}

/** Why readers cannot be used: no library for them here, no daemon, one that hung or ended. */
export type AwayReason = 'library' | 'daemon' | 'stuck' | 'ended';

export interface ReadersView {
  readonly state: 'starting' | 'ready' | 'away';
  readonly readers: readonly string[];
  readonly reason?: AwayReason;
  /** What happened, for people. */
  readonly message?: string;
  /** How often the library's process was started. */
  readonly starts: number;
  /** How often it was killed because a card or the daemon left it hanging. */
  readonly kills: number;
}

export interface ReaderHandlers {
  card(card: CardAtReader): void;
  /** A card is there that does not answer even to being connected. */
  mute(reader: string, message: string): void;
  changed(view: ReadersView): void;
}

/** NFC readers of this machine, whichever library drives them. They are tried again by themselves as long as they are open. */
export interface NfcReaders {
  open(handlers: ReaderHandlers): void;
  view(): ReadersView;
  /** Ends in bounded time. */
  close(): Promise<void>;
}
