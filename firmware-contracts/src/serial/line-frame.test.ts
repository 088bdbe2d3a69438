import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16X25 } from './crc16.ts';
import {
  decodeLine,
  encodeLineFrame,
  LINE_ADDRESS_MAX,
  LINE_ADDRESS_MIN,
  LINE_START,
  type LineFrame,
  type LineState,
} from './line-frame.ts';

const END = 0xc0;
const aFrame: fc.Arbitrary<LineFrame> = fc.record({
  address: fc.integer({ min: LINE_ADDRESS_MIN, max: LINE_ADDRESS_MAX }),
  apdu: fc.uint8Array({ minLength: 2, maxLength: 261 }),
});

/** Hears the bytes in portions that end at these places. */
const inPortions = (bytes: Uint8Array, cuts: readonly number[]): readonly LineFrame[] => {
  let state: LineState = LINE_START;
  const frames: LineFrame[] = [];
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [index, from] of places.entries()) {
    const heard = decodeLine(state, bytes.subarray(from, places[index + 1]));
    state = heard.state;
    frames.push(...heard.frames);
  }
  return frames;
};

const joined = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((p) => [...p]));

describe('a frame on a serial line', () => {
  it('has the CRC that ITU-T X.25 gives to its check text', () => {
    expect(crc16X25(new TextEncoder().encode('123456789'))).toBe(0x906e);
  });

  it('is heard as it was sent, in whatever portions it arrives', () => {
    fc.assert(
      fc.property(fc.array(aFrame, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 8 }), (sent, cuts) => {
        expect(inPortions(joined(sent.map(encodeLineFrame)), cuts)).toEqual(sent);
      }),
    );
  });

  it('is heard after any garbage, since its own first END ends what was before', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), aFrame, (garbage, frame) => {
        expect(decodeLine(LINE_START, joined([garbage, encodeLineFrame(frame)])).frames.at(-1)).toEqual(
          frame,
        );
      }),
    );
  });

  it('is not heard with any one byte of it changed, unless that byte was an END', () => {
    fc.assert(
      fc.property(aFrame, fc.nat(), fc.integer({ min: 1, max: 255 }), (frame, place, flip) => {
        const bytes = encodeLineFrame(frame);
        const index = place % bytes.length;
        fc.pre(bytes[index] !== END);
        const changed = bytes.with(index, (bytes[index] ?? 0) ^ flip);
        expect(decodeLine(LINE_START, changed).frames).not.toContainEqual(frame);
      }),
    );
  });

  it('is not made for an address that is nobody’s, nor of what is no APDU', () => {
    const apdu = Uint8Array.of(0x90, 0x00);
    for (const address of [0, 248, 255, 1.5])
      expect(() => encodeLineFrame({ address, apdu })).toThrow('line frame');
    expect(() => encodeLineFrame({ address: 1, apdu: new Uint8Array(1) })).toThrow('line frame');
    expect(() => encodeLineFrame({ address: 1, apdu: new Uint8Array(262) })).toThrow('line frame');
  });

  it('takes no more memory than a frame, however long the noise goes on', () => {
    let state: LineState = LINE_START;
    for (let round = 0; round < 100; round++) state = decodeLine(state, new Uint8Array(1_000).fill(7)).state;
    expect(state.partial.length).toBeLessThanOrEqual(264);
  });
});
