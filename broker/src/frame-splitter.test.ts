import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connect, frame, PINGREQ, publish, subscribe } from '../test/packets.ts';
import { FrameSplitter } from './frame-splitter.ts';
import { DEFAULT_LIMITS } from './limits.ts';

const CONNECT = connect({ clientId: 'm-1' });

const splitter = (): FrameSplitter => {
  const made = new FrameSplitter(DEFAULT_LIMITS);
  made.letIn();
  return made;
};

const packets = fc.oneof(
  fc.constant(PINGREQ),
  fc.uint8Array({ maxLength: 5_000 }).map((payload) => publish('a/b', payload)),
  fc
    .array(fc.string({ minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 8 })
    .map((filters) => subscribe(filters)),
);

/** Cuts bytes at the given places, in any order and as often as given. */
const cut = (bytes: Buffer, places: readonly number[]): Buffer[] => {
  const sorted = [0, ...places.map((place) => place % bytes.length), bytes.length].sort((a, b) => a - b);
  return sorted.slice(1).map((end, n) => bytes.subarray(sorted[n], end));
};

describe('the frame splitter', () => {
  it('gives the same frames however the stream was cut', () => {
    fc.assert(
      fc.property(
        fc.array(packets, { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (sent, places) => {
          const whole = [CONNECT, ...sent];
          const under = splitter();
          const got = cut(Buffer.concat(whole), places).flatMap((chunk) => under.push(chunk));
          expect(under.violation).toBeUndefined();
          expect(got.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).toEqual(
            whole.map((bytes) => bytes.toString('hex')),
          );
        },
      ),
    );
  });

  it('gives the same frames byte by byte, beyond the pieces that it holds', () => {
    const under = splitter();
    const big = publish('a/b', Buffer.alloc(3_000, 7));
    const bytes = Buffer.concat([CONNECT, big]);
    const got = Array.from(bytes, (_, n) => under.push(bytes.subarray(n, n + 1))).flat();
    expect(got.map(({ bytes: one }) => one.length)).toEqual([CONNECT.length, big.length]);
  });

  it('never throws, and gives nothing more after a violation', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (chunks) => {
        const under = splitter();
        under.push(CONNECT);
        for (const chunk of chunks) {
          const before = under.violation;
          const got = under.push(chunk);
          if (before !== undefined) expect(got).toEqual([]);
        }
      }),
    );
  });

  it.each([
    ['too-long', Buffer.from([0x30, 0x81, 0x80, 0x04])],
    ['bad-length', Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80])],
    ['unknown-type', frame(0xf0)],
    ['unknown-type', frame(0x90, Buffer.alloc(3))],
    ['too-many-filters', subscribe(Array(9).fill('a'))],
    ['bad-subscribe', frame(0x82, Buffer.from([0, 1, 0, 9, 0x61]))],
    ['too-long', frame(0x40, Buffer.alloc(3))],
  ])('says %s by the header, or by the whole of a SUBSCRIBE', (violation, bytes) => {
    const under = splitter();
    under.push(CONNECT);
    expect(under.push(bytes)).toEqual([]);
    expect(under.violation).toBe(violation);
  });

  it('wants a CONNECT first', () => {
    const under = splitter();
    under.push(PINGREQ);
    expect(under.violation).toBe('not-a-connect');
  });
});
