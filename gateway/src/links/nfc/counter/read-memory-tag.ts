import { concatBytes, messageOfTag, TapwattError } from '@tapwatt/firmware-contracts';
import { type Ask, demanding } from './ask.ts';

/** The readers' own command for memory cards (PC/SC part 3, "Read Binary"): a page number, four pages back. */
const READ_PAGES = { cla: 0xff, ins: 0xb0 } as const;
const READ_BYTES = 16;
const PAGE_BYTES = 4;
const CAPABILITY_PAGE = 3;
const FIRST_DATA_PAGE = 4;
const LAST_PAGE = 0xff;
const NDEF_MAGIC = 0xe1;
const SIZE_UNIT = 8;

/** The NDEF message of an NTAG or another Type 2 Tag; `undefined` where it is none. Throws CARD_GONE where it stops answering. */
export async function readMemoryTag(ask: Ask): Promise<Uint8Array | undefined> {
  const capabilities = await ask(readPages(CAPABILITY_PAGE));
  if (capabilities?.length !== READ_BYTES || capabilities[0] !== NDEF_MAGIC) return undefined;
  const size = (capabilities[2] ?? 0) * SIZE_UNIT;
  const demand = demanding(ask);
  let known: Uint8Array = new Uint8Array(0);
  while (known.length < size) {
    const page = FIRST_DATA_PAGE + known.length / PAGE_BYTES;
    if (page > LAST_PAGE) return undefined;
    const part = await demand(readPages(page));
    if (part.length !== READ_BYTES) throw new TapwattError('CARD_GONE');
    known = concatBytes(known, part);
    const found = messageOfTag(known);
    if (found.is === 'message') return found.message;
    if (found.is === 'none') return undefined;
  }
  return undefined;
}

const readPages = (page: number) => ({ ...READ_PAGES, p2: page, le: READ_BYTES });
