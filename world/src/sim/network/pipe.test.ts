import { expect, test } from 'vitest';
import { chanceOf } from '../kernel/chance.ts';
import { VirtualTime } from '../kernel/virtual-time.ts';
import { Network } from './network.ts';

const LONG_MS = 60_000;

/** Two open ends of a connection in memory, and the clock that moves what is between them. */
function connected() {
  const time = new VirtualTime(0);
  const network = new Network(time, chanceOf(1, 'network'));
  const got: string[] = [];
  network.listen('broker', (stream) => stream.on('data', (bytes: Buffer) => got.push(bytes.toString())));
  const near = network.connect('gateway', 'broker');
  const pass = async (): Promise<void> => {
    for (let run = time.next(LONG_MS); run !== undefined; run = time.next(LONG_MS)) {
      run();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { near, got, pass };
}

test('what is written in pieces at once makes one journey', async () => {
  const { near, got, pass } = connected();
  near.cork();
  for (const piece of ['pa', 'ck', 'et']) near.write(piece);
  near.uncork();
  await pass();
  expect(got).toEqual(['packet']);
});

test('what is written while something is under way leaves together behind it', async () => {
  const { near, got, pass } = connected();
  for (const piece of ['first', 'second', 'third']) near.write(piece);
  await pass();
  expect(got).toEqual(['first', 'secondthird']);
});
