import { encodeCommand, encodeResponse, meterCommand, SW } from '../src/apdu.ts';
import { bytesToHex, concatBytes, hexToBytes } from '../src/bytes.ts';
import { crc16X25 } from '../src/serial/crc16.ts';
import { encodeLineFrame, LINE_ADDRESS_MAX } from '../src/serial/line-frame.ts';
import { slipEncode } from '../src/serial/slip.ts';

interface LineFrameJson {
  readonly address: number;
  readonly apdu: string;
}

/** What goes over a serial line, as hex, and the frames in it; with `send`, it is what a sender of the one frame sends. */
export interface LineVector {
  readonly name: string;
  readonly stream: string;
  readonly frames: readonly LineFrameJson[];
  readonly send?: true;
}

const NO_BYTES = new Uint8Array(0);
const select = encodeCommand(meterCommand('SELECT'));
const commit = encodeCommand(meterCommand('COMMIT'));
const ok = encodeResponse({ data: NO_BYTES, sw: SW.OK });
const ramp = Uint8Array.from({ length: 72 }, (_, index) => index);
const put = encodeCommand(meterCommand('PUT_VOUCHER', ramp));
/** Every byte that SLIP escapes, and those that it escapes them with. */
const escaped = encodeCommand(meterCommand('ACK', hexToBytes('c0dbdcddc0c0dbdbdcdc')));
const longest = encodeCommand({ cla: 0x80, ins: 0xff, p1: 0, p2: 0, data: new Uint8Array(255), le: 256 });
const answer = encodeResponse({ data: Uint8Array.from({ length: 128 }, (_, i) => 255 - i), sw: SW.OK });

const frameOf = (address: number, apdu: Uint8Array): string => bytesToHex(encodeLineFrame({ address, apdu }));

/** A packet whose CRC is right, whatever is in it. */
const packetOf = (hex: string): string => {
  const checked = hexToBytes(hex);
  const crc = crc16X25(checked);
  return bytesToHex(slipEncode(concatBytes(checked, Uint8Array.of(crc & 0xff, crc >> 8))));
};

const sent = (name: string, address: number, apdu: Uint8Array): LineVector => ({
  ...{ name, stream: frameOf(address, apdu), frames: [{ address, apdu: bytesToHex(apdu) }] },
  send: true,
});

const heard = (name: string, stream: string, ...frames: readonly LineFrameJson[]): LineVector => ({
  ...{ name, stream, frames },
});

const one: LineFrameJson = { address: 1, apdu: bytesToHex(commit) };
const two: LineFrameJson = { address: 2, apdu: bytesToHex(ok) };
const first = frameOf(1, commit);
const second = frameOf(2, ok);
const withoutFirstEnd = (frame: string): string => frame.slice(2);
const withoutLastEnd = (frame: string): string => frame.slice(0, -2);

const withBitChanged = (frame: string): string => {
  const bytes = hexToBytes(frame);
  return bytesToHex(bytes.with(3, (bytes[3] ?? 0) ^ 0x01));
};

const withCrcExchanged = (frame: string): string => {
  const crc = frame.slice(-6, -2);
  return `${frame.slice(0, -6)}${crc.slice(2)}${crc.slice(0, 2)}c0`;
};

export const lineVectors = (): readonly LineVector[] => [
  sent('select', 1, select),
  sent('commit-to-the-last-address', LINE_ADDRESS_MAX, commit),
  sent('put', 17, put),
  sent('a-status-word-alone', 17, ok),
  sent('a-receipt-as-an-answer', 17, answer),
  sent('bytes-that-are-escaped', 1, escaped),
  sent('an-address-that-is-escaped', 0xc0, ok),
  sent('another-address-that-is-escaped', 0xdb, ok),
  sent('the-longest-command', 5, longest),
  heard('two-frames-one-after-another', first + second, one, two),
  heard('two-frames-that-share-an-end', first + withoutFirstEnd(second), one, two),
  heard('without-a-first-end', withoutFirstEnd(first), one),
  heard('ends-that-end-nothing', `c0c0c0${first}c0c0`, one),
  heard('noise-before-a-frame', `00ff5517${first}`, one),
  heard('a-frame-cut-by-the-next', first.slice(0, 10) + first, one),
  heard('a-frame-cut-in-an-escape', `c001db${first}`, one),
  heard('an-escape-that-is-none', `c001db0155c0${first}`, one),
  heard('a-bit-changed', withBitChanged(first) + second, two),
  heard('a-crc-with-its-bytes-exchanged', withCrcExchanged(first)),
  heard('an-address-that-is-nobodys', packetOf('009000') + packetOf('f89000') + packetOf('ff9000')),
  heard('an-apdu-too-short', packetOf('0190') + packetOf('01')),
  heard('an-apdu-too-long', `${packetOf(`01${'55'.repeat(262)}`)}${first}`, one),
  heard('a-frame-not-ended', withoutLastEnd(first)),
];
