const DATA_BITS = 0x7f;

/** Whether an odd number of the seven data bits is set: the even parity bit. */
const isOdd = (byte: number): boolean => {
  let folded = byte & DATA_BITS;
  folded ^= folded >> 4;
  folded ^= folded >> 2;
  folded ^= folded >> 1;
  return (folded & 1) === 1;
};

/**
 * ASCII as characters of seven bits with even parity (7E1), made for a port that sends eight bits without (8N1): on the
 * line these are the same, so that no port needs to know of 7E1.
 */
export const withParity = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => {
    const byte = character.charCodeAt(0) & DATA_BITS;
    return isOdd(byte) ? byte | 0x80 : byte;
  });

export interface SevenBitText {
  readonly text: string;
  /** Characters whose parity is wrong; they are in the text as U+FFFD. */
  readonly damaged: number;
}

/** Characters of 7E1 as an 8N1 port receives them. A port that took the parity bit away itself gives them with it clear. */
export const withoutParity = (bytes: Uint8Array): SevenBitText => {
  const isStripped = bytes.every((byte) => byte <= DATA_BITS);
  let damaged = 0;
  let text = '';
  for (const byte of bytes) {
    const isWhole = isStripped || isOdd(byte) === byte > DATA_BITS;
    if (!isWhole) damaged += 1;
    text += isWhole ? String.fromCharCode(byte & DATA_BITS) : '\ufffd';
  }
  return { text, damaged };
};
