import { decodeReceipt, meterId, meterRootKey, RESULT, topics } from '@tapwatt/firmware-contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MASTER, SITE } from '../../test/fleet-of.ts';
import { issuerFor } from '../../test/vouchers.ts';
import { type WireLink, wireLink } from '../../test/wire-link.ts';
import { MemoryNvm } from '../nvm/memory-nvm.ts';
import { METER_NVM_WORDS } from '../nvm/meter-memory.ts';
import { encodeRecord } from '../nvm/meter-record.ts';
import { CuttableNvm } from '../nvm/power-cut.ts';
import { ManualTime } from '../time/manual-time.ts';
import { type DeviceState, storedRecordOf } from './device-state.ts';
import { constantLoad } from './load.ts';
import { Meter } from './meter.ts';
import { provisionMemory } from './power-on.ts';

const METER = '1000000001';
const identity = { meterId: meterId(METER), root: meterRootKey(MASTER, meterId(METER)) };
const issuer = issuerFor(METER);
const own = topics(SITE).meter(METER);
const HOUR_MS = 3_600_000;

interface Bench {
  readonly meter: Meter;
  readonly link: WireLink;
  readonly nvm: CuttableNvm;
}

const meterOn = (memory: MemoryNvm): Bench => {
  const nvm = new CuttableNvm(memory);
  const link = wireLink();
  const meter = new Meter({
    ...identity,
    site: SITE,
    password: 'secret',
    storage: nvm,
    links: link.factory,
    time: new ManualTime(1_700_000_000_000),
    load: constantLoad(2_000),
  });
  return { meter, link, nvm };
};

const board = (): MemoryNvm => {
  const memory = new MemoryNvm(METER_NVM_WORDS);
  provisionMemory(memory, { ...identity, keyEpoch: 1, balanceLimit: 1_000_000n });
  return memory;
};

/** What a meter must never be a mixture of: its record and its register, as bytes. */
const kept = (state: DeviceState | undefined): string => {
  const stored = state === undefined ? undefined : storedRecordOf(state);
  return stored === undefined
    ? 'LOCKED'
    : `${Buffer.from(encodeRecord(stored)).toString('hex')}/${state?.register.charged}`;
};

const results = (link: WireLink): number[] =>
  link.said
    .filter(({ topic }) => topic === own.up('rcpt'))
    .map(({ payload }) => {
      const decoded = decodeReceipt(payload);
      return decoded.ok ? decoded.fields.result : -1;
    });

/** The same event on a copy of the same memory, its power cut after `writes` words; `undefined` when it was not cut. */
const cutDuring = (
  memory: MemoryNvm,
  event: (bench: Bench) => void,
  writes: number,
): { readonly memory: MemoryNvm; readonly link: WireLink } | undefined => {
  const copy = memory.clone();
  const bench = meterOn(copy);
  bench.meter.powerOn();
  bench.link.said.length = 0;
  bench.nvm.cutAfter({ writes });
  event(bench);
  return bench.nvm.isOff ? { memory: copy, link: bench.link } : undefined;
};

const stateAfterBoot = (memory: MemoryNvm): DeviceState | undefined => {
  const { meter } = meterOn(memory);
  meter.powerOn();
  return meter.state;
};

const EVENTS: readonly (readonly [string, (bench: Bench) => void])[] = [
  ['a credit', ({ link }) => link.hear(own.down('vch'), issuer.voucher(3, 700n))],
  ['a void order', ({ link }) => link.hear(own.down('vch'), issuer.voucher(3, 0n, { kind: 2, floorSeq: 3 }))],
  [
    'the end of an epoch',
    ({ link }) => link.hear(own.down('vch'), issuer.voucher(0, 0n, { kind: 6, floorSeq: 0 })),
  ],
  ['an acknowledgement', ({ link }) => link.hear(own.down('ack'), issuer.ack(2, 2))],
  ['a desired state', ({ link }) => link.hear(own.down('cfg'), issuer.desired(1, { relay: 'open' }))],
  ['a time order', ({ link }) => link.hear(own.down('time'), issuer.time(1, 1_700_000_000))],
  ['a tamper', ({ meter }) => meter.openCase()],
  ['a charge', ({ meter }) => meter.tick(HOUR_MS)],
];

const usedBoard = (): MemoryNvm => {
  const memory = board();
  const { meter, link } = meterOn(memory);
  meter.powerOn();
  link.hear(own.down('vch'), issuer.voucher(1, 5_000n));
  link.hear(own.down('vch'), issuer.voucher(2, 5_000n));
  meter.tick(HOUR_MS);
  return memory;
};

describe('a meter whose power goes', () => {
  it.each(EVENTS)(
    'at any word of the commit of %s has its old state or its new one, and never spoke of the new one',
    (_name, event) => {
      const memory = usedBoard();
      const old = kept(stateAfterBoot(memory.clone()));
      const whole = memory.clone();
      const undisturbed = meterOn(whole);
      undisturbed.meter.powerOn();
      event(undisturbed);
      const next = kept(undisturbed.meter.state);
      expect(next).not.toBe(old);
      let cuts = 0;
      for (let writes = 0; ; writes++) {
        const cut = cutDuring(memory, event, writes);
        if (cut === undefined) break;
        cuts += 1;
        expect(cut.link.said).toEqual([]);
        expect([old, next]).toContain(kept(stateAfterBoot(cut.memory)));
      }
      expect(cuts).toBeGreaterThan(8);
    },
  );

  it('again at any read of the recovery still finds the same state afterwards', () => {
    const memory = usedBoard();
    const credit = EVENTS[0]?.[1] ?? (() => {});
    const cut = cutDuring(memory, credit, 30);
    const torn = cut?.memory ?? new MemoryNvm(METER_NVM_WORDS);
    const expected = kept(stateAfterBoot(torn.clone()));
    let cuts = 0;
    for (let reads = 0; ; reads++) {
      const bench = meterOn(torn);
      bench.nvm.cutAfter({ reads });
      bench.meter.powerOn();
      if (bench.meter.isPowered) break;
      cuts += 1;
      bench.nvm.restore();
      bench.meter.powerOn();
      expect(kept(bench.meter.state)).toBe(expected);
    }
    expect(cuts).toBeGreaterThan(50);
  });

  it('credits each voucher exactly once, whatever is cut and shown again', () => {
    const shown = fc.record({
      seq: fc.integer({ min: 1, max: 6 }),
      cutAt: fc.option(fc.nat({ max: 700 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(shown, { maxLength: 15 }), (steps) => {
        const bench = meterOn(board());
        bench.meter.powerOn();
        const answered = new Set<number>();
        for (const { seq, cutAt } of steps) {
          bench.link.said.length = 0;
          bench.nvm.cutAfter(cutAt === undefined ? {} : { writes: cutAt });
          bench.link.hear(own.down('vch'), issuer.voucher(seq, 100n));
          if (results(bench.link).length > 0) answered.add(seq);
          bench.nvm.restore();
          bench.meter.powerOn();
        }
        const state = bench.meter.state;
        const credited = state?.meter.record?.cumulativeCredited ?? 0n;
        expect(credited).toBeGreaterThanOrEqual(BigInt(answered.size) * 100n);
        for (let seq = 1; seq <= 6; seq++) bench.link.hear(own.down('vch'), issuer.voucher(seq, 100n));
        expect(bench.meter.state?.meter.record?.cumulativeCredited).toBe(600n);
      }),
      { numRuns: 60 },
    );
  });

  it('says LOCKED when it has lost both slots of either record, and takes nothing', () => {
    const memory = usedBoard();
    const bench = meterOn(memory);
    for (let word = 0; word < memory.words; word++) memory.write(word, 0xffff_ffff);
    bench.meter.powerOn();
    bench.link.hear(own.down('vch'), issuer.voucher(9));
    expect(results(bench.link)).toEqual([RESULT.LOCKED]);
    expect(bench.meter.balance).toBe(0n);
  });
});
