import type { MeterDetail, MeterFigures } from '@tapwatt/chaincode';
import {
  decodeVoucher,
  meterId,
  RESULT,
  type ReceiptFields,
  type StatusFields,
  type VoucherId,
} from '@tapwatt/firmware-contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../edges/manual-clock.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createMeterWatch, type MeterWatch } from './meter-watch.ts';

const METER = '42';
const FRAME = new Uint8Array(64);
const ASKED_FOR_MS = 600_000;

const figures = (receiptNo: number): MeterFigures => ({
  keyEpoch: 1,
  receiptNo,
  cumulativeCredited: `${100 * receiptNo}`,
});
const status = (receiptNo: number): StatusFields => ({
  ...{ stateBits: 1, keyEpoch: 1, meterId: meterId(METER), hi: receiptNo, used: 1n, floorSeq: 1 },
  ...{ balance: 0n, cumulativeCredited: BigInt(100 * receiptNo), receiptNo, ackedReceiptNo: 0, meterTime: 0 },
});
const receipt = (receiptNo: number, about: Partial<ReceiptFields> = {}): ReceiptFields =>
  ({
    ...{ receiptNo, cumulativeCredited: BigInt(100 * receiptNo), result: RESULT.APPLIED, voucherId: '' },
    ...about,
  }) as ReceiptFields;

let meter: Partial<MeterDetail>;
let recorded = 0;
let questions: VoucherId[] = [];
let answers: Uint8Array[] = [];
let clock: ReturnType<typeof createManualClock>;
let watch: MeterWatch;

beforeEach(() => {
  [meter, recorded, questions, answers] = [{}, 0, [], []];
  clock = createManualClock();
  let draws = 0;
  const ledger = {
    evaluate: async () => ({ meterId: METER, keyEpoch: 1, nextSeq: 100, quarantined: false, ...meter }),
    submit: async () => {
      recorded += 1;
      return { txId: 't', result: { changed: true } };
    },
  } as unknown as Ledger;
  watch = createMeterWatch({
    ...{ ledger, clock, signal: new AbortController().signal },
    random: { bytes: (length) => new Uint8Array(length).fill(++draws) },
    ask: async (_meterId, question) => {
      const decoded = decodeVoucher(question);
      if (decoded.ok) questions.push(decoded.fields.voucherId);
    },
    onAnswer: (frame) => answers.push(frame),
  });
});

const answer = (receiptNo: number): Promise<void> =>
  watch.receipt(
    METER,
    receipt(receiptNo, { result: RESULT.BAD_MAC, voucherId: questions.at(-1) as VoucherId }),
    FRAME,
  );

describe('a status whose register is lower than what was known', () => {
  it('is only a doubt: the meter is asked, and nothing is recorded', async () => {
    meter = { seen: figures(3) };
    await watch.status(FRAME, status(2));
    expect([questions.length, recorded]).toEqual([1, 0]);
  });

  it('is one also where only the meter itself said more before', async () => {
    await watch.receipt(METER, receipt(3), FRAME);
    await watch.status(FRAME, status(2));
    expect([questions.length, recorded]).toEqual([1, 0]);
  });

  it('was an old one where the answer is as high as what was known', async () => {
    meter = { seen: figures(3) };
    await watch.status(FRAME, status(2));
    await answer(3);
    expect(recorded).toBe(0);
  });

  it('is recorded where the answer is lower too, once', async () => {
    meter = { seen: figures(3) };
    await watch.status(FRAME, status(2));
    await answer(2);
    await answer(2);
    expect(recorded).toBe(1);
  });

  it('is judged by no answer to another question, nor by an older receipt', async () => {
    meter = { seen: figures(3) };
    await watch.status(FRAME, status(2));
    await watch.receipt(METER, receipt(1), FRAME);
    await watch.receipt(
      METER,
      receipt(1, { result: RESULT.BAD_MAC, voucherId: 'ff'.repeat(16) as VoucherId }),
      FRAME,
    );
    expect(recorded).toBe(0);
  });

  it('has its question asked again while no answer comes, and not for ever', async () => {
    meter = { seen: figures(3) };
    await watch.status(FRAME, status(2));
    await clock.advance(ASKED_FOR_MS);
    expect(questions.length).toBe(6);
    expect(new Set(questions).size).toBe(1);
    await watch.status(FRAME, status(2));
    expect(new Set(questions).size).toBe(2);
  });

  it('leaves the question that is under way in its place, however often it is repeated', async () => {
    meter = { seen: figures(3) };
    for (let times = 0; times < 5; times += 1) await watch.status(FRAME, status(2));
    expect(questions.length).toBe(1);
    await answer(2);
    expect(recorded).toBe(1);
  });
});

describe('a question without a doubt', () => {
  it('hands its answer on, once, and records nothing', async () => {
    watch.question(METER, 1);
    await answer(3);
    await answer(3);
    expect([questions.length, answers.length, recorded]).toEqual([1, 1, 0]);
  });

  it('is put once, and again when somebody asks after its time', async () => {
    watch.question(METER, 1);
    watch.question(METER, 1);
    await clock.advance(ASKED_FOR_MS);
    expect(questions.length).toBe(1);
    watch.question(METER, 1);
    expect(new Set(questions).size).toBe(2);
  });

  it('leaves a doubt that is under way in its place', async () => {
    meter = { seen: figures(3) };
    await watch.status(FRAME, status(2));
    watch.question(METER, 1);
    await answer(2);
    expect([recorded, answers.length]).toEqual([1, 0]);
  });
});

describe('a status', () => {
  it('of a locked meter, or of a seq that was never given out, is recorded at once', async () => {
    await watch.status(FRAME, { ...status(0), keyEpoch: 0 });
    await watch.status(FRAME, { ...status(1), hi: 200 });
    expect([recorded, questions.length]).toEqual([2, 0]);
  });

  it('as high as what is known needs nothing', async () => {
    meter = { seen: figures(3) };
    await watch.status(FRAME, status(3));
    expect([recorded, questions.length]).toEqual([0, 0]);
  });
});
