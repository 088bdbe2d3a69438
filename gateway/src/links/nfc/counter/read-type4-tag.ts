import { concatBytes } from '@tapwatt/firmware-contracts';
import { type Ask, demanding } from './ask.ts';

const NDEF_APPLICATION = Uint8Array.of(0xd2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01);
const CAPABILITY_FILE = Uint8Array.of(0xe1, 0x03);
const CAPABILITY_LENGTH = 15;
const NDEF_FILE_TLV = 0x04;
const INS = { select: 0xa4, readBinary: 0xb0 } as const;
const LE_MAX = 256;
/** Some 44 vouchers; a longer message is not read. */
const MAX_MESSAGE = 4_096;

/**
 * The NDEF message of a Type 4 Tag, card or phone (NFC Forum Type 4 Tag 2.0); `undefined` where it is none, or is too
 * long. Throws CARD_GONE where it has the NDEF application and stops answering.
 */
export async function readType4Tag(ask: Ask): Promise<Uint8Array | undefined> {
  const application = { ins: INS.select, p1: 0x04, data: NDEF_APPLICATION, le: LE_MAX };
  if ((await ask(application)) === undefined) return undefined;
  const demand = demanding(ask);
  await demand(selectFile(CAPABILITY_FILE));
  const file = ndefFileOf(await demand({ ins: INS.readBinary, le: CAPABILITY_LENGTH }));
  if (file === undefined) return undefined;
  await demand(selectFile(file.id));
  const [high = 0, low = 0] = await demand({ ins: INS.readBinary, le: 2 });
  const length = (high << 8) | low;
  return length > MAX_MESSAGE ? undefined : readFrom(demand, { at: 2, length, chunk: file.maxRead });
}

const selectFile = (id: Uint8Array) => ({ ins: INS.select, p2: 0x0c, data: id });

function ndefFileOf(capabilities: Uint8Array): { id: Uint8Array; maxRead: number } | undefined {
  if (capabilities.length < CAPABILITY_LENGTH || capabilities[7] !== NDEF_FILE_TLV) return undefined;
  const maxRead = ((capabilities[3] ?? 0) << 8) | (capabilities[4] ?? 0);
  return maxRead === 0
    ? undefined
    : { id: capabilities.slice(9, 11), maxRead: Math.min(maxRead, LE_MAX - 1) };
}

/** A card that gives less than it is asked for, down to nothing, is not asked for ever. */
async function readFrom(
  demand: ReturnType<typeof demanding>,
  { at, length, chunk }: { at: number; length: number; chunk: number },
): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  for (let read = 0; read < length; ) {
    const offset = at + read;
    const le = Math.min(chunk, length - read);
    const part = await demand({ ins: INS.readBinary, p1: offset >> 8, p2: offset & 0xff, le });
    if (part.length === 0 || part.length > le) return undefined;
    parts.push(part);
    read += part.length;
  }
  return concatBytes(...parts);
}
