import {
  encodeCommand,
  encodeLineFrame,
  encodeResponse,
  meterCommand,
  SW,
} from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../edges/manual-clock.ts';
import { createHalfDuplex, type HalfDuplex } from './half-duplex.ts';
import type { SerialPort } from './serial-port.ts';

const BAUD = 9_600;
const NEVER = new AbortController().signal;
const status = encodeCommand(meterCommand('GET_STATUS'));
const select = encodeCommand(meterCommand('SELECT'));
const ok = (length: number): Uint8Array => encodeResponse({ data: new Uint8Array(length), sw: SW.OK });

interface Bench {
  readonly line: HalfDuplex;
  readonly clock: ReturnType<typeof createManualClock>;
  readonly written: Uint8Array[];
  answer(address: number, apdu: Uint8Array): void;
}

const bench = (): Bench => {
  const clock = createManualClock();
  const written: Uint8Array[] = [];
  const port: SerialPort = {
    write: async (bytes) => void written.push(bytes),
    setBaudRate: async () => undefined,
    close: async () => undefined,
  };
  const line = createHalfDuplex(port, BAUD, clock);
  return { line, clock, written, answer: (address, apdu) => line.hear(encodeLineFrame({ address, apdu })) };
};

/** Lets everything run that waits for nothing but its turn. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

describe('a half-duplex line', () => {
  it('gives a meter’s answer to who asked it, whatever else is heard', async () => {
    const { line, written, answer } = bench();
    const asked = line.ask(7, status, NEVER);
    await settle();
    expect(written).toEqual([encodeLineFrame({ address: 7, apdu: status })]);
    line.hear(written[0] ?? new Uint8Array()); // a transceiver that hears itself
    answer(8, ok(64));
    answer(7, ok(11));
    line.hear(Uint8Array.of(1, 2, 3));
    answer(7, ok(64));
    expect(await asked).toEqual(ok(64));
    expect(line.figures).toMatchObject({ asked: 1, unanswered: 0, damaged: 1 });
  });

  it('waits as long as the longest answer takes, and then no longer', async () => {
    const { line, clock } = bench();
    let end: unknown = 'waiting';
    const asked = line.ask(7, status, NEVER).then((heard) => {
      end = heard;
    });
    await settle();
    await clock.advance(600);
    await settle();
    expect(end).toBe('waiting');
    await clock.advance(300);
    await asked;
    expect(end).toBeUndefined();
    expect(line.figures.unanswered).toBe(1);
  });

  it('leaves the line quiet after every frame before it speaks again', async () => {
    const { line, clock, written, answer } = bench();
    const first = line.ask(7, status, NEVER);
    await settle();
    answer(7, ok(64));
    await first;
    const second = line.ask(7, status, NEVER);
    await clock.advance(3);
    await settle();
    expect(written).toHaveLength(1);
    await clock.advance(1);
    await settle();
    expect(written).toHaveLength(2);
    answer(7, ok(64));
    await second;
  });

  it('gives a command that was given up its time on the line, so that its answer is not taken for another’s', async () => {
    const { line, clock, written, answer } = bench();
    const stop = new AbortController();
    const first = line.ask(7, status, stop.signal);
    await settle();
    stop.abort();
    await expect(first).rejects.toThrow();
    const second = line.ask(7, select, NEVER);
    answer(7, ok(64));
    await clock.advance(500);
    await settle();
    expect(written).toHaveLength(1);
    await clock.advance(500);
    await settle();
    expect(written).toHaveLength(2);
    answer(7, ok(11));
    expect(await second).toEqual(ok(11));
  });
});
