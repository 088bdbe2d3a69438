import { concatBytes, messageOfTag } from '@tapwatt/firmware-contracts';
import type { Ask } from './read-card.ts';

/** The readers' own command for memory cards (PC/SC part 3, "Read Binary"): a page number, four pages back. */
const READ_PAGES = { cla: 0xff, ins: 0xb0 } as const;
const READ_BYTES = 16;
const PAGE_BYTES = 4;
const CAPABILITY_PAGE = 3;
const FIRST_DATA_PAGE = 4;
const NDEF_MAGIC = 0xe1;
const SIZE_UNIT = 8;

/** The NDEF message of an NTAG or another Type 2 Tag; `undefined` where it is none. */
export async function readMemoryTag(ask: Ask): Promise<Uint8Array | undefined> {
  const [magic, , units = 0] = (await readPages(ask, CAPABILITY_PAGE)) ?? [];
  if (magic !== NDEF_MAGIC) return undefined;
  let known: Uint8Array = new Uint8Array(0);
  while (known.length < units * SIZE_UNIT) {
    const part = await readPages(ask, FIRST_DATA_PAGE + known.length / PAGE_BYTES);
    if (part?.length !== READ_BYTES) return undefined;
    known = concatBytes(known, part);
    const found = messageOfTag(known);
    if (found.is === 'message') return found.message;
    if (found.is === 'none') return undefined;
  }
  return undefined;
}

const readPages = (ask: Ask, page: number): Promise<Uint8Array | undefined> =>
  page > 0xff ? Promise.resolve(undefined) : ask({ ...READ_PAGES, p2: page, le: READ_BYTES });
