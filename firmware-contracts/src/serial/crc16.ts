const POLYNOMIAL = 0x8408; // 0x1021 with its bits in the order in which a line sends them
const START = 0xffff;

/** What each byte does to the register. */
const TABLE: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  let register = byte;
  for (let bit = 0; bit < 8; bit++)
    register = (register & 1) === 1 ? (register >> 1) ^ POLYNOMIAL : register >> 1;
  return register;
});

/** CRC-16/X-25 (ITU-T X.25, the frame check of HDLC), 0 … 65535; of the ASCII text `123456789` it is 0x906E. */
export const crc16X25 = (bytes: Uint8Array): number => {
  let register = START;
  for (const byte of bytes) register = (register >> 8) ^ (TABLE[(register ^ byte) & 0xff] ?? 0);
  return register ^ START;
};
