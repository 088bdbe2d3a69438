import { connect, type Socket } from 'node:net';

/** Answer to reset of a contactless card of ISO 14443-4 without historical bytes (PC/SC part 3). */
export const CONTACTLESS_ATR: Uint8Array = Uint8Array.of(0x3b, 0x80, 0x80, 0x01, 0x01);

/** What lies in the field of a virtual reader. */
export interface CardInField {
  readonly atr?: Uint8Array;
  /** The response APDU; `undefined` stays silent, as a card does that hangs. */
  transmit(command: Uint8Array): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** The field is lost, or the reader resets the card. */
  release?(): void;
}

/** A card in the field of a virtual reader, until it is taken away. */
export interface InsertedCard {
  /** Takes it away at once, also in the middle of a command. */
  remove(): void;
  /** Resolves when it is out of the field, whoever ended it. */
  readonly removed: Promise<void>;
}

const CONTROL = { powerOff: 0x00, powerOn: 0x01, reset: 0x02, atr: 0x04 } as const;
const LENGTH_BYTES = 2;
/** A short APDU; whoever sends more is no reader. */
const MAX_MESSAGE = 4_096;

/**
 * Holds a card to a reader of vpcd, the virtual reader of the PC/SC daemon: messages of a two-byte length, one byte for
 * power and reset, an APDU otherwise. Connecting is the tap, closing the removal. Rejects where no reader listens.
 */
export async function insertVirtualCard(
  reader: { readonly host: string; readonly port: number },
  card: CardInField,
): Promise<InsertedCard> {
  const socket = connect(reader);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.setNoDelay(true);
  const removed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      card.release?.();
      resolve();
    });
  });
  socket.on('error', () => socket.destroy());
  let waiting: Uint8Array = new Uint8Array(0);
  socket.on('data', (bytes) => {
    waiting = Buffer.concat([waiting, bytes]);
    for (let message = firstOf(waiting); message !== undefined; message = firstOf(waiting)) {
      waiting = waiting.subarray(LENGTH_BYTES + message.length);
      void answer(socket, card, message);
    }
    if (waiting.length > MAX_MESSAGE) socket.destroy();
  });
  return { remove: () => socket.resetAndDestroy(), removed };
}

function firstOf(waiting: Uint8Array): Uint8Array | undefined {
  const [high, low] = waiting;
  if (high === undefined || low === undefined) return undefined;
  const end = LENGTH_BYTES + ((high << 8) | low);
  return waiting.length < end ? undefined : waiting.subarray(LENGTH_BYTES, end);
}

async function answer(socket: Socket, card: CardInField, message: Uint8Array): Promise<void> {
  const [control] = message;
  if (message.length > 1) {
    const response = await card.transmit(new Uint8Array(message));
    if (response !== undefined) say(socket, response);
  } else if (control === CONTROL.atr) say(socket, card.atr ?? CONTACTLESS_ATR);
  else if (control === CONTROL.powerOff || control === CONTROL.reset) card.release?.();
}

function say(socket: Socket, bytes: Uint8Array): void {
  if (socket.destroyed) return;
  socket.write(Buffer.concat([Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes]));
}
