import {
  carriesMoney,
  endsEpoch,
  type MeterState,
  provisionMeter,
  RESULT,
  WINDOW_SIZE,
} from '@tapwatt/firmware-contracts';
import { EARLY } from '../clocks.ts';
import { PRODUCTION } from '../protocol.ts';
import type { Mutation } from './mutation.ts';
import { receiptIn, type Shown, saying, withMeterBug } from './receipt-edit.ts';

type Record = NonNullable<MeterState['record']>;

const withRecord = (meter: MeterState, change: (record: Record) => Partial<Record>): MeterState =>
  meter.record === undefined ? meter : { ...meter, record: { ...meter.record, ...change(meter.record) } };

const windowOf = ({ meter: { record }, voucher }: Shown): Record['window'] | undefined =>
  record?.ended?.keyEpoch === voucher.keyEpoch ? record.ended.window : record?.window;

const isCreditCommit = ({ committed, voucher }: Shown): boolean => committed && carriesMoney(voucher.kind);

/** A floor that is only in working memory: what the non-volatile one is. */
type Volatile = MeterState & { readonly volatile?: string };

const floorOf = ({ record }: MeterState): number => record?.window.floorSeq ?? 1;

const withFloor = (meter: MeterState, floorSeq: number): MeterState =>
  withRecord(meter, ({ window }) => ({ window: { ...window, floorSeq } }));

/** Planted in the meter. */
export const METER_BUGS: readonly Mutation[] = [
  {
    name: 'credit-before-mark',
    about: 'money and mark are two objects, the money first: power may go between them',
    bound: 'small',
    protocol: withMeterBug((shown) => {
      if (!isCreditCommit(shown)) return undefined;
      const { meter, after, receipt } = shown;
      const { cumulativeCredited = 0n } = after.record ?? {};
      const between = withRecord(meter, () => ({ cumulativeCredited }));
      return [
        { state: after, receipt, how: 'answers' },
        { state: between, how: 'adds the money, and its power goes before it marks the seq' },
      ];
    }),
  },
  {
    name: 'mark-before-credit',
    about: 'money and mark are two objects, the mark first',
    bound: 'small',
    protocol: withMeterBug((shown) => {
      if (!isCreditCommit(shown)) return undefined;
      const { meter, after, receipt } = shown;
      const { cumulativeCredited = 0n } = meter.record ?? {};
      const between = withRecord(after, () => ({ cumulativeCredited }));
      return [
        { state: after, receipt, how: 'answers' },
        { state: between, how: 'marks the seq, and its power goes before it adds the money' },
      ];
    }),
  },
  {
    name: 'f-before-commit',
    about: 'F is revealed, then the credit is stored',
    bound: 'small',
    protocol: withMeterBug((shown) =>
      isCreditCommit(shown)
        ? [
            { state: shown.after, receipt: shown.receipt, how: 'answers' },
            {
              state: shown.meter,
              receipt: shown.receipt,
              how: 'its power goes before it commits, but after it says',
            },
          ]
        : undefined,
    ),
  },
  {
    name: 'floor-before-commit',
    about: 'an acknowledged floor is used before it is stored, and forgotten with the power',
    bound: 'small',
    protocol: {
      ...PRODUCTION,
      acknowledge(meter: Volatile, frame) {
        const after = PRODUCTION.acknowledge(meter, frame);
        if (floorOf(after) === floorOf(meter)) return after;
        const kept: Volatile = { ...after, volatile: meter.volatile ?? `${floorOf(meter)}` };
        return kept;
      },
      present(meter: Volatile, frame, clock) {
        const endings = PRODUCTION.present(meter, frame, clock);
        const { volatile: _, ...stored } = (endings[0]?.state ?? meter) as Volatile;
        return endings.length > 1 ? endings.map((ending) => ({ ...ending, state: stored })) : endings;
      },
      powerCut(meter: Volatile) {
        if (meter.volatile === undefined) return meter;
        const { volatile, ...rest } = meter;
        return withFloor(rest, Number(volatile));
      },
    },
  },
  {
    name: 'floor-lowered-by-acknowledgement',
    about: 'an acknowledgement sets the floor instead of raising it',
    bound: 'small',
    protocol: {
      ...PRODUCTION,
      acknowledge(meter, frame) {
        const after = PRODUCTION.acknowledge(meter, frame);
        const stated = new DataView(frame.buffer, frame.byteOffset).getUint32(16);
        return stated < floorOf(meter) ? withFloor(after, stated) : after;
      },
    },
  },
  {
    name: 'acknowledged-number-taken-for-floor',
    about: 'every seq up to the acknowledged receipt’s number counts as resolved',
    bound: 'narrow-two',
    protocol: {
      ...PRODUCTION,
      readsAcknowledgedNumber: true,
      acknowledge(meter, frame) {
        const after = PRODUCTION.acknowledge(meter, frame);
        const number = after.record?.ackedReceiptNo ?? 0;
        return number > floorOf(after) ? withFloor(after, number) : after;
      },
    },
  },
  {
    name: 'bad-epoch-before-repeated-answer',
    about: 'a voucher of the ended epoch is refused before it is looked up',
    bound: 'one-voucher',
    protocol: withMeterBug(({ meter, voucher, receipt }) => {
      if (endsEpoch(voucher.kind) || voucher.keyEpoch === meter.record?.keyEpoch) return undefined;
      const refused = saying(meter, receipt, { result: RESULT.BAD_EPOCH, credited: 0n });
      return [{ state: meter, receipt: refused, how: 'answers' }];
    }),
  },
  {
    name: 'ended-epoch-still-credits',
    about: 'a voucher of the ended epoch is credited when it was not before',
    bound: 'one-voucher',
    protocol: withMeterBug(({ meter, voucher, receipt }) => {
      if (receiptIn(receipt).result !== RESULT.BAD_EPOCH || voucher.kind !== 1) return undefined;
      const state = withRecord(meter, ({ cumulativeCredited, receiptNo }) => ({
        cumulativeCredited: cumulativeCredited + voucher.amount,
        receiptNo: receiptNo + 1,
      }));
      const change = {
        result: RESULT.APPLIED,
        credited: voucher.amount,
        shows: { kind: 'fulfil', voucher },
      } as const;
      return [{ state, receipt: saying(meter, receipt, change), how: 'answers' }];
    }),
  },
  {
    name: 'conflict-with-opening',
    about: 'CONFLICT carries the opening of the voucher that was shown',
    bound: 'clone-two',
    protocol: withMeterBug(({ meter, voucher, receipt }) => {
      if (receiptIn(receipt).result !== RESULT.CONFLICT || voucher.kind !== 1) return undefined;
      return [
        {
          state: meter,
          receipt: saying(meter, receipt, { shows: { kind: 'fulfil', voucher } }),
          how: 'answers',
        },
      ];
    }),
  },
  {
    name: 'dedupe-by-voucher-id-only',
    about: 'a seq taken by another voucher is taken again',
    bound: 'clone-two',
    protocol: withMeterBug(({ meter, voucher, receipt }) => {
      const isConflict = receiptIn(receipt).result === RESULT.CONFLICT;
      if (!isConflict || voucher.kind !== 1 || voucher.keyEpoch !== meter.record?.keyEpoch) return undefined;
      const state = withRecord(meter, ({ cumulativeCredited, receiptNo, window }) => ({
        cumulativeCredited: cumulativeCredited + voucher.amount,
        receiptNo: receiptNo + 1,
        window: {
          ...window,
          tags: window.tags.with(voucher.seq % WINDOW_SIZE, voucher.voucherId.slice(0, 16)),
        },
      }));
      const change = {
        result: RESULT.APPLIED,
        credited: voucher.amount,
        shows: { kind: 'fulfil', voucher },
      } as const;
      return [{ state, receipt: saying(meter, receipt, change), how: 'answers' }];
    }),
  },
  {
    name: 'void-after-credit',
    about: 'a void order is obeyed although its voucher was credited',
    bound: 'small',
    protocol: withMeterBug(({ meter, voucher, receipt }) => {
      if (voucher.kind !== 2 || receiptIn(receipt).result !== RESULT.ALREADY_APPLIED) return undefined;
      const change = { result: RESULT.VOIDED, shows: { kind: 'void', voucher } } as const;
      return [{ state: meter, receipt: saying(meter, receipt, change), how: 'answers' }];
    }),
  },
  {
    name: 'void-without-mark',
    about: 'a void order is answered with V, and nothing is stored',
    bound: 'small',
    protocol: withMeterBug(({ meter, voucher, receipt, committed }) =>
      committed && voucher.kind === 2 ? [{ state: meter, receipt, how: 'answers' }] : undefined,
    ),
  },
  {
    name: 'window-one-short',
    about: 'the window forgets one seq too early',
    bound: 'narrow-two',
    protocol: withMeterBug((shown) => {
      const { meter, voucher, receipt } = shown;
      if (voucher.seq + WINDOW_SIZE - 1 !== (windowOf(shown)?.hi ?? 0)) return undefined;
      const refused = saying(meter, receipt, { result: RESULT.OUT_OF_WINDOW, credited: 0n });
      return [{ state: meter, receipt: refused, how: 'answers' }];
    }),
  },
  {
    name: 'window-one-long',
    about: 'a void order trusts the window one seq too long',
    bound: 'narrow',
    protocol: withMeterBug((shown) => {
      const { meter, voucher, receipt } = shown;
      const { hi = 0, floorSeq = 0 } = windowOf(shown) ?? {};
      if (voucher.kind !== 2 || voucher.seq + WINDOW_SIZE !== hi || voucher.seq >= floorSeq) return undefined;
      const change = { result: RESULT.VOIDED, shows: { kind: 'void', voucher } } as const;
      return [{ state: meter, receipt: saying(meter, receipt, change), how: 'answers' }];
    }),
  },
  {
    name: 'blank-memory-taken-for-new',
    about: 'a meter without a whole record starts as it left the factory',
    bound: 'memory-loss',
    protocol: {
      ...PRODUCTION,
      loseMemory: ({ meterId, root, charged, record }) =>
        provisionMeter({
          meterId,
          root,
          charged,
          keyEpoch: 1,
          balanceLimit: record?.balanceLimit ?? BigInt(EARLY.now),
        }),
    },
  },
];
