import { lineTimeMs } from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../edges/manual-clock.ts';
import type { SerialPort } from '../serial-port.ts';
import { type ForeignFrame, type ForeignReadOut, readForeignMeter } from './read-out.ts';
import { withoutParity, withParity } from './seven-bits.ts';

const SIGN_ON_BAUD = 300;
const OFFERED_BAUD = 9_600;
const BLOCK = '1-0:1.8.0*255(000123.456*kWh)\r\n!\r\n';
const LONG_MS = 60_000;

const dataBlock = (): string => {
  const check = [...`${BLOCK}\u0003`].reduce((sum, character) => sum ^ character.charCodeAt(0), 0);
  return `\u0002${BLOCK}\u0003${String.fromCharCode(check)}`;
};

interface MeterOptions {
  readonly maker: string;
  readonly reactionMs: number;
  /** Whether the driver waits until bytes have left, or says so at once. */
  readonly drains: boolean;
}

/** A meter on a line on which a byte is lost to whoever is not at its baud rate from its first bit to its last. */
const bench = ({ maker, reactionMs, drains }: MeterOptions) => {
  const clock = createManualClock();
  let portBaud = 9_600;
  let changedAtMs = 0;
  let heardByMeter = '';
  let hear: (bytes: Uint8Array) => void = () => {};

  /** Each byte in its time; `arrived` is told of those for which the port had the right baud rate all along. */
  function send(
    bytes: Uint8Array,
    line: { baudRate: number; afterMs: number },
    arrived: (byte: number) => void,
  ) {
    bytes.forEach((byte, index) => {
      const beginsMs = clock.nowMs() + line.afterMs + lineTimeMs(index, line.baudRate);
      clock.after(line.afterMs + lineTimeMs(index + 1, line.baudRate), () => {
        if (portBaud === line.baudRate && changedAtMs <= beginsMs) arrived(byte);
      });
    });
  }
  function answer(text: string, baudRate: number): void {
    send(withParity(text), { baudRate, afterMs: reactionMs }, (byte) => hear(Uint8Array.of(byte)));
  }
  function heard(byte: number): void {
    heardByMeter += withoutParity(Uint8Array.of(byte)).text;
    if (heardByMeter.endsWith('/?!\r\n')) answer(`/${maker}5X\r\n`, SIGN_ON_BAUD);
    if (heardByMeter.endsWith('\u0006050\r\n')) answer(dataBlock(), OFFERED_BAUD);
  }

  const port: SerialPort = {
    async write(bytes) {
      send(bytes, { baudRate: portBaud, afterMs: 0 }, heard);
      const leftMs = lineTimeMs(bytes.length, portBaud);
      if (drains) await new Promise<void>((resolve) => clock.after(leftMs, resolve));
    },
    async setBaudRate(baudRate) {
      portBaud = baudRate;
      changedAtMs = clock.nowMs();
    },
    close: async () => undefined,
  };
  const frames: ForeignFrame[] = [];
  const readOut = readForeignMeter(
    {
      ...{ port, clock, signal: new AbortController().signal },
      listen: (hearer) => {
        hear = hearer;
        return () => undefined;
      },
      onFrame: (frame) => frames.push(frame),
    },
    '',
  );
  async function finish(): Promise<ForeignReadOut> {
    // It has to be waiting for its first timer.
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(LONG_MS);
    return await readOut;
  }
  return { finish, frames };
};

describe('a read-out', () => {
  it.each([
    { maker: 'ISk', reactionMs: 20, drains: true },
    { maker: 'ISk', reactionMs: 20, drains: false },
    { maker: 'ISk', reactionMs: 150, drains: true },
    { maker: 'EMH', reactionMs: 250, drains: true },
    { maker: 'EMH', reactionMs: 250, drains: false },
  ])('hears all of a meter that answers after $reactionMs ms (the port drains: $drains)', async (meter) => {
    expect(await bench(meter).finish()).toEqual({
      ...{ status: 'read', manufacturer: meter.maker, device: 'X', block: BLOCK },
    });
  });

  it('tells of all that was said and heard', async () => {
    const { finish, frames } = bench({ maker: 'EMH', reactionMs: 250, drains: true });
    await finish();
    expect(frames).toEqual([
      { direction: 'to-meter', on: 'sign-on', text: '/?!\r\n' },
      { direction: 'from-meter', on: 'identification', text: '/EMH5X\r\n' },
      { direction: 'to-meter', on: 'acknowledgement', text: '\u0006050\r\n' },
      { direction: 'from-meter', on: 'data-block', text: dataBlock() },
    ]);
  });
});
