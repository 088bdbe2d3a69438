import { TapwattError } from '@tapwatt/firmware-contracts';

interface CardCommand {
  readonly cla?: number;
  readonly ins: number;
  readonly p1?: number;
  readonly p2?: number;
  readonly data?: Uint8Array;
  readonly le?: number;
}

/** A short command to a card, and the data of its answer; `undefined` where the card has another status word than 9000. */
export type Ask = (command: CardCommand) => Promise<Uint8Array | undefined>;

/**
 * The same of a card that has answered well before: many readers tell by a status word of their own (6300) that it was
 * moved away, so whatever is refused now throws CARD_GONE, and the card is read again.
 */
export const demanding =
  (ask: Ask) =>
  async (command: CardCommand): Promise<Uint8Array> => {
    const data = await ask(command);
    if (data === undefined) throw new TapwattError('CARD_GONE');
    return data;
  };
