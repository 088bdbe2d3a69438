import { decodeResponse, encodeCommand, SW, TapwattError } from '@tapwatt/firmware-contracts';
import { startDeadline } from '../../../edges/deadline.ts';
import type { Clock } from '../../../edges/edges.ts';
import type { CardAtReader } from '../readers.ts';
import type { Ask } from './ask.ts';
import { readMemoryTag } from './read-memory-tag.ts';
import { readType4Tag } from './read-type4-tag.ts';

const CARD_MS = 8_000;
const COMMAND_MS = 2_000;
/** The registered id by which PC/SC names a memory card in its answer to reset (PC/SC part 3). */
const STORAGE_CARD = 'a000000306';

/**
 * The NDEF message of what lies on the counter: a phone or a card that is a Type 4 Tag, or an NTAG memory card through
 * the reader's own commands. `undefined` where there is none. Throws CARD_GONE, DEADLINE.
 */
export async function readCard(card: CardAtReader, clock: Clock): Promise<Uint8Array | undefined> {
  const whole = startDeadline(clock, CARD_MS, card.gone);
  const ask: Ask = async ({ cla = 0, ins, p1 = 0, p2 = 0, data = new Uint8Array(0), le = 0 }) => {
    const { signal, end } = startDeadline(clock, COMMAND_MS, whole.signal);
    try {
      const answer = await card.transmit(encodeCommand({ cla, ins, p1, p2, data, le }), { signal });
      const response = decodeResponse(answer);
      if (response === undefined) throw new TapwattError('CARD_GONE');
      return response.sw === SW.OK ? response.data : undefined;
    } finally {
      end();
    }
  };
  try {
    if (Buffer.from(card.atr).toString('hex').includes(STORAGE_CARD)) return await readMemoryTag(ask);
    return (await readType4Tag(ask)) ?? (await readMemoryTag(ask));
  } finally {
    whole.end();
  }
}
