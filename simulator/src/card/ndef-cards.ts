import { concatBytes, decodeCommand, encodeResponse, encodeTagMemory, SW } from '@tapwatt/firmware-contracts';
import type { CardInField } from './virtual-card.ts';

const NDEF_APPLICATION = 'd2760000850101';
const CAPABILITY_FILE = 'e103';
const NDEF_FILE = 'e104';
const MAX_READ = 59;
const MAX_WRITE = 52;
const INS = { select: 0xa4, readBinary: 0xb0 } as const;
const NO_FILE = 0x6a82;
const NOT_SELECTED = 0x6985;
const OUT_OF_FILE = 0x6b00;

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const answer = (sw: number, data: Uint8Array = new Uint8Array(0)): Uint8Array => encodeResponse({ data, sw });

/** A phone, or a card, that shows an NDEF message as a Type 4 Tag (NFC Forum Type 4 Tag 2.0). */
export function ndefPhone(message: Uint8Array): CardInField {
  const size = message.length + 2;
  const capabilities = [
    0,
    15,
    0x20,
    0,
    MAX_READ,
    0,
    MAX_WRITE,
    4,
    6,
    0xe1,
    4,
    size >> 8,
    size & 0xff,
    0,
    0xff,
  ];
  const files = new Map([
    [CAPABILITY_FILE, Uint8Array.from(capabilities)],
    [NDEF_FILE, concatBytes(Uint8Array.of(message.length >> 8, message.length & 0xff), message)],
  ]);
  let isSelected = false;
  let file: Uint8Array | undefined;

  function select(byName: boolean, name: string): Uint8Array {
    if (byName) isSelected = name === NDEF_APPLICATION;
    else file = isSelected ? files.get(name) : undefined;
    return answer(byName ? (isSelected ? SW.OK : NO_FILE) : file === undefined ? NO_FILE : SW.OK);
  }

  return {
    transmit(bytes) {
      const command = decodeCommand(bytes);
      if (command === undefined || command.cla !== 0) return answer(SW.WRONG_LENGTH);
      if (command.ins === INS.select) return select(command.p1 === 0x04, hexOf(command.data));
      if (command.ins !== INS.readBinary) return answer(SW.UNKNOWN_INS);
      const at = (command.p1 << 8) | command.p2;
      if (file === undefined) return answer(NOT_SELECTED);
      if (at > file.length || command.le > MAX_READ) return answer(OUT_OF_FILE);
      return answer(SW.OK, file.slice(at, at + command.le));
    },
    release() {
      isSelected = false;
      file = undefined;
    },
  };
}

/** Answer to reset by which a PC/SC reader tells of a Type 2 Tag. */
const MEMORY_ATR = Uint8Array.from(Buffer.from('3b8f8001804f0ca0000003060300030000000068', 'hex'));
const PAGE = 4;
const READ = 16;

/** An NTAG memory card with an NDEF message, as a PC/SC reader offers it: it takes the reader's own commands only. */
export function memoryTag(message: Uint8Array, dataBytes = 504): CardInField {
  const memory = new Uint8Array(4 * PAGE + dataBytes);
  memory.set([0xe1, 0x10, dataBytes / 8, 0x00], 3 * PAGE);
  memory.set(encodeTagMemory(message), 4 * PAGE);
  const rolling = concatBytes(memory, memory);
  return {
    atr: MEMORY_ATR,
    transmit(bytes) {
      const command = decodeCommand(bytes);
      if (command?.cla !== 0xff || command.ins !== INS.readBinary) return answer(0x6300);
      const at = command.p2 * PAGE;
      // A read that begins within the memory goes on at its first page.
      return at < memory.length ? answer(SW.OK, rolling.slice(at, at + READ)) : answer(0x6300);
    },
  };
}
