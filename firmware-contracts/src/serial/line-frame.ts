import { concatBytes } from '../bytes.ts';
import { TapwattError } from '../errors.ts';
import { crc16X25 } from './crc16.ts';
import { SLIP_START, type SlipState, slipDecode, slipEncode } from './slip.ts';

/** One command or response on a serial line (WIRE.md "NFC and serial"). */
export interface LineFrame {
  /** The meter's address on its line, `LINE_ADDRESS_MIN` … `LINE_ADDRESS_MAX`: it is asked, or it answers. */
  readonly address: number;
  readonly apdu: Uint8Array;
}

export const LINE_ADDRESS_MIN = 1;
export const LINE_ADDRESS_MAX = 247;

const SHORTEST_APDU = 2; // a status word
const LONGEST_APDU = 261; // a command with 255 bytes of data and Le
const CRC_LENGTH = 2;
const AROUND_APDU = 1 + CRC_LENGTH;

/** The bytes of a frame as they go over the line; throws BAD_FORMAT for an address or an APDU that no line can carry. */
export const encodeLineFrame = ({ address, apdu }: LineFrame): Uint8Array => {
  if (!isLineAddress(address) || !fits(apdu))
    throw new TapwattError('BAD_FORMAT', 'line frame: no such address, or no APDU.');
  const checked = concatBytes(Uint8Array.of(address), apdu);
  const crc = crc16X25(checked);
  return slipEncode(concatBytes(checked, Uint8Array.of(crc & 0xff, crc >> 8)));
};

/** A receiver of line frames between two bytes. */
export type LineState = SlipState;

export const LINE_START: LineState = SLIP_START;

export interface LineHeard {
  readonly state: LineState;
  readonly frames: readonly LineFrame[];
  /** Packets that were no frame: noise, a collision, a frame that was cut. */
  readonly damaged: number;
}

/** Takes bytes as they arrive, in any portions, and finds the next frame after whatever is none. */
export const decodeLine = (state: LineState, bytes: Uint8Array): LineHeard => {
  const heard = slipDecode(state, bytes, LONGEST_APDU + AROUND_APDU);
  const frames = heard.packets.flatMap((packet) => frameIn(packet) ?? []);
  return { state: heard.state, frames, damaged: heard.lost + heard.packets.length - frames.length };
};

const frameIn = (packet: Uint8Array): LineFrame | undefined => {
  const [address = 0] = packet;
  const checked = packet.subarray(0, -CRC_LENGTH);
  const apdu = checked.slice(1);
  const [low = 0, high = 0] = packet.subarray(-CRC_LENGTH);
  const isWhole = fits(apdu) && isLineAddress(address) && crc16X25(checked) === (low | (high << 8));
  return isWhole ? { address, apdu } : undefined;
};

const fits = ({ length }: Uint8Array): boolean => length >= SHORTEST_APDU && length <= LONGEST_APDU;

/** 0 and 248 … 255 are nobody's (SPEC.md "Serial lines"). */
export const isLineAddress = (address: number): boolean =>
  Number.isInteger(address) && address >= LINE_ADDRESS_MIN && address <= LINE_ADDRESS_MAX;
