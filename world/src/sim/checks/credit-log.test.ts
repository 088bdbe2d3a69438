import { meterId } from '@tapwatt/firmware-contracts';
import { METER_NVM_WORDS, MemoryNvm, MeterMemory, provisionMemory } from '@tapwatt/simulator';
import { beforeEach, expect, it } from 'vitest';
import { planOf } from '../faults/plan.ts';
import { chanceOf } from '../kernel/chance.ts';
import { Tally } from '../kernel/tally.ts';
import { Trace } from '../kernel/trace.ts';
import { VirtualTime } from '../kernel/virtual-time.ts';
import { Network } from '../network/network.ts';
import { TroubledWorld } from '../world.ts';
import { Books } from './books.ts';
import { CreditLog } from './credit-log.ts';

const METER = '1';
const SOLD = 'aa'.repeat(16);
const OTHER = 'bb'.repeat(16);
const nowhere = { time: new VirtualTime(0), tally: new Tally() };

let world: TroubledWorld;
let books: Books;
let credits: CreditLog;
let board: MemoryNvm;
beforeEach(() => {
  const { time } = nowhere;
  const network = new Network(time, chanceOf(1, 'network'));
  world = new TroubledWorld({ ...nowhere, plan: planOf(1), network, trace: new Trace(time) });
  books = new Books(world);
  credits = new CreditLog(world, books);
  board = new MemoryNvm(METER_NVM_WORDS);
  const root = new Uint8Array(32);
  provisionMemory(board, { meterId: meterId(METER), root, keyEpoch: 1, balanceLimit: 1_000n });
  credits.look(METER, board);
});

const meterRow = (change: object = {}) =>
  [
    `MTR~${METER}`,
    JSON.stringify({
      ...{ meterId: METER, keyEpoch: 1, nextSeq: 2, openLimit: 16, open: [] },
      ...{ settled: '0', orphaned: '0', unproven: '0', ...change },
    }),
  ] as const;
const voucherRow = (voucherId: string, seq = 1, status = 'ISSUED') =>
  [
    `VCH~${voucherId}`,
    JSON.stringify({ voucherId, meterId: METER, keyEpoch: 1, seq, amount: '100', status }),
  ] as const;
/** The books say that they are those of a restored ledger. */
const restoredRow = ['LDG~ledger', JSON.stringify({ ledgerId: 'l', restores: 1 })] as const;
const orphanRow = (status: string) =>
  [
    `ORP~${METER}~${SOLD}`,
    JSON.stringify({ meterId: METER, voucherId: SOLD, amount: '100', status }),
  ] as const;

/** The ledger sells a voucher of number 1. */
const sell = (): void => {
  const open = [{ voucherId: SOLD, amount: '100', keyEpoch: 1, seq: 1 }];
  books.committed([voucherRow(SOLD), meterRow({ open })]);
};

/** Invariants that were broken; not of double entry or of rights, since nothing is booked here, by nobody. */
const broken = (): string[] =>
  world.violations
    .map((violation) => violation.slice(0, 2))
    .filter((invariant) => invariant !== 'I1' && invariant !== 'ri');

/** The meter takes what was sold. */
function credit(): void {
  const memory = new MeterMemory(board);
  const { stored } = memory.recover();
  if (stored === undefined) throw new Error('the board is blank');
  const { record } = stored;
  const tags = record.window.tags.map((tag, place) => (place === 1 ? SOLD.slice(0, 16) : tag));
  const window = { ...record.window, hi: 1, used: 1n, tags };
  memory.commitRecord({ ...stored, record: { ...record, receiptNo: 1, cumulativeCredited: 100n, window } });
  credits.look(METER, board);
}

it('holds a restored ledger to find what it has forgotten, all of it', () => {
  sell();
  credit();
  books.load([meterRow(), restoredRow]);
  expect(broken()).toEqual([]);
  credits.checkAtRest(books);
  expect(broken()).toEqual(['I2', 'I2']);
});

it('is content when the orphan is recorded, counted and booked', () => {
  sell();
  credit();
  books.load([meterRow(), restoredRow]);
  books.committed([orphanRow('RECOVERED'), meterRow({ settled: '100', orphaned: '100' })]);
  credits.checkAtRest(books);
  expect(broken()).toEqual([]);
});

it('sees more found than was forgotten', () => {
  sell();
  books.load([meterRow(), restoredRow]);
  books.committed([meterRow({ settled: '100', orphaned: '100' })]);
  expect(broken()).toEqual(['I2']);
});

it('sees what is sold again to a request whose forgotten voucher is known to be credited', () => {
  sell();
  credit();
  books.load([meterRow(), restoredRow]);
  books.committed([orphanRow('RECORDED'), meterRow({ settled: '100', orphaned: '100', keyEpoch: 2 })]);
  books.committed([voucherRow(OTHER, 2)]);
  expect(broken()).toEqual(['I3']);
});

it('sees a halt left out where a meter shows what was never sold here', () => {
  books.committed([orphanRow('RECORDED')]);
  expect(broken()).toEqual(['I4']);
});

it('sees a number that is given out again after a restore', () => {
  sell();
  books.load([meterRow(), restoredRow]);
  books.committed([voucherRow(OTHER)]);
  expect(broken()).toEqual(['I3']);
});

it('lets two copies that live at the same time give out the same number', () => {
  sell();
  const copy = books.copy();
  credits.follow(copy);
  books.committed([voucherRow(OTHER, 2)]);
  copy.committed([voucherRow('cc'.repeat(16), 2)]);
  expect(broken()).toEqual([]);
});
