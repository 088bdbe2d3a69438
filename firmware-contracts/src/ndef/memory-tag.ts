import { concatBytes } from '../bytes.ts';

const TLV = { empty: 0x00, ndef: 0x03, end: 0xfe } as const;
const LONG = 0xff;

/** What is in a Type 2 Tag's memory from its first data block on: its NDEF message, `none`, or `more` bytes are needed. */
export type TagMemory =
  | { readonly is: 'message'; readonly message: Uint8Array }
  | { readonly is: 'none' }
  | { readonly is: 'more' };

/** Looks for the first NDEF message among the TLV blocks of a Type 2 Tag (NTAG), of which these bytes are known. */
export const messageOfTag = (memory: Uint8Array): TagMemory => {
  for (let at = 0; at < memory.length; ) {
    const tag = memory[at];
    if (tag === TLV.empty) {
      at += 1;
      continue;
    }
    if (tag === TLV.end) return { is: 'none' };
    const block = blockAt(memory, at + 1);
    if (block === undefined || block.end > memory.length) return { is: 'more' };
    if (tag === TLV.ndef) return { is: 'message', message: memory.slice(block.start, block.end) };
    at = block.end;
  }
  return { is: 'more' };
};

const blockAt = (memory: Uint8Array, at: number): { start: number; end: number } | undefined => {
  const [short, high, low] = memory.subarray(at, at + 3);
  if (short === undefined) return undefined;
  if (short !== LONG) return { start: at + 1, end: at + 1 + short };
  if (high === undefined || low === undefined) return undefined;
  return { start: at + 3, end: at + 3 + ((high << 8) | low) };
};

/** The data area of a Type 2 Tag that holds this message. */
export const encodeTagMemory = (message: Uint8Array): Uint8Array => {
  const { length } = message;
  const size = length < LONG ? Uint8Array.of(length) : Uint8Array.of(LONG, length >> 8, length & 0xff);
  return concatBytes(Uint8Array.of(TLV.ndef), size, message, Uint8Array.of(TLV.end));
};
