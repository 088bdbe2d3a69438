import { expect, it } from 'vitest';
import { planOf } from '../faults/plan.ts';
import { chanceOf } from '../kernel/chance.ts';
import { Tally } from '../kernel/tally.ts';
import { Trace } from '../kernel/trace.ts';
import { VirtualTime } from '../kernel/virtual-time.ts';
import { Network } from '../network/network.ts';
import { TroubledWorld } from '../world.ts';
import { Books } from './books.ts';
import { Lines } from './lines.ts';

const quietWorld = (): TroubledWorld => {
  const time = new VirtualTime(0);
  const network = new Network(time, chanceOf(1, 'network'));
  return new TroubledWorld({ plan: planOf(1), time, network, tally: new Tally(), trace: new Trace(time) });
};

it('hears what a replaced ledger said until a device connects anew', () => {
  const books = new Books(quietWorld());
  const lines = new Lines(books);
  lines.accepted('handset-1', books);
  const was = books.copy();
  lines.ended(books, was);
  expect(lines.of('handset-1')).toBe(was);
  expect(lines.of('handset-2')).toBe(books);
  lines.accepted('handset-1', books);
  expect(lines.of('handset-1')).toBe(books);
});
