import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bytesToHex,
  decodeReceipt,
  hexToBytes,
  meterId,
  meterRootKey,
  parseRequest,
  RESULT,
  type RequestResult,
  type TapState,
  topics,
} from '@tapwatt/firmware-contracts';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { MASTER, SITE } from '../../test/fleet-of.ts';
import { issuerFor } from '../../test/vouchers.ts';
import { type WireLink, wireLink } from '../../test/wire-link.ts';
import { constantLoad } from '../meter/load.ts';
import { Meter } from '../meter/meter.ts';
import { meterCard } from '../meter/meter-card.ts';
import { provisionMemory } from '../meter/power-on.ts';
import { MemoryNvm } from '../nvm/memory-nvm.ts';
import { METER_NVM_WORDS } from '../nvm/meter-memory.ts';
import { CuttableNvm } from '../nvm/power-cut.ts';
import { ManualTime } from '../time/manual-time.ts';
import { seededRandom } from '../time/random.ts';
import { BAG_METERS_MAX, BAG_VOUCHERS_OF_METER_MAX } from './bag.ts';
import { type BagStore, fileBagStore, memoryBagStore } from './bag-store.ts';
import { Courier } from './courier.ts';
import { fileRequestStore } from './file-request-store.ts';
import { Handset } from './handset.ts';
import { memoryRequestStore, type RequestStore } from './request-store.ts';

const METER = '1000000001';
const issuer = issuerFor(METER);
const { privateKey } = generateKeyPairSync('ed25519');
const own = topics(SITE).handset('h1');
const time = new ManualTime(1_700_000_000_000);
const AMOUNT = 700n;
const BALANCE_LIMIT = 1_000_000n;

interface MeterBench {
  readonly meter: Meter;
  readonly nvm: CuttableNvm;
  readonly credited: () => bigint | undefined;
}

const meterAlone = (): MeterBench => {
  const board = new MemoryNvm(METER_NVM_WORDS);
  const identity = { meterId: meterId(METER), root: meterRootKey(MASTER, meterId(METER)) };
  provisionMemory(board, { ...identity, keyEpoch: 1, balanceLimit: BALANCE_LIMIT });
  const nvm = new CuttableNvm(board);
  const meter = new Meter({
    ...{ ...identity, site: SITE, password: 'secret', storage: nvm, time, load: constantLoad(0) },
    links: (_identity, _handlers) => ({ ...wireLink().factory(_identity, _handlers), publish: () => false }),
  });
  meter.powerOn();
  return { meter, nvm, credited: () => meter.state?.meter.record?.cumulativeCredited };
};

let made = 0;

interface HandsetBench {
  readonly handset: Handset;
  readonly link: WireLink;
  readonly answer: (result: Partial<RequestResult>) => void;
  /** Buys: the gateway's answer to the issue is this voucher, which is then held for a tap. */
  readonly hold: (voucher: Uint8Array) => void;
  /** Receipts that it would hand in, as its stored requests say. */
  readonly receipts: () => readonly string[];
}

interface Stores {
  readonly store: RequestStore;
  readonly bag: BagStore;
}

const stores = (): Stores => ({ store: memoryRequestStore(), bag: memoryBagStore() });

const handsetWith = (kept: Stores, maxOutstanding = 16): HandsetBench => {
  const link = wireLink();
  const handset = new Handset({
    ...{ id: 'h1', site: SITE, ledgerId: 'ledger1', privateKey, password: 'secret', time, maxOutstanding },
    ...{ links: link.factory, random: seededRandom(1), newRequestId: () => `r${++made}`, ...kept },
  });
  handset.start();
  const answer = (result: Partial<RequestResult>): void =>
    link.hear(own.result, new TextEncoder().encode(JSON.stringify({ at: 1, ...result })));
  return {
    handset,
    link,
    answer,
    hold: (voucher) => {
      const wish = { op: 'issue', walletId: 'w1', meterId: METER, amount: '700', deliver: false } as const;
      const { request } = handset.ask(wish, { thenCarry: true });
      answer({ requestId: request.requestId, status: 'issued', voucher: bytesToHex(voucher) });
    },
    receipts: () =>
      kept.store.load().flatMap(({ jws }) => {
        const { payload } = parseRequest(jws);
        return payload.op === 'receipts' ? payload.receipts : [];
      }),
  };
};

interface Removal {
  /** Commands that got through. */
  readonly commands: number;
  /** Whether the last of them was answered before the meter was taken away. */
  readonly heard: boolean;
}

const tap = ({ handset }: HandsetBench, { meter }: MeterBench, removal?: Removal): TapState => {
  const card = meterCard(meter, 'nfc');
  let step = handset.beginTap();
  for (let sent = 0; step.command !== undefined; sent += 1) {
    const isLast = removal !== undefined && sent + 1 >= removal.commands;
    const isGone = removal !== undefined && sent >= removal.commands;
    const response = isGone ? undefined : card.transmit(step.command);
    step = handset.answerTap(step.state, isLast && !removal.heard ? undefined : response);
  }
  card.release();
  return step.state;
};

const resultsIn = (receipts: readonly string[]): number[] =>
  receipts.map((receipt) => {
    const decoded = decodeReceipt(hexToBytes(receipt));
    return decoded.ok ? decoded.fields.result : -1;
  });

const directories: string[] = [];
const directory = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'courier-'));
  directories.push(path);
  return path;
};
afterEach(() => {
  for (const path of directories.splice(0)) rmSync(path, { recursive: true });
});

describe('a handset as a courier', () => {
  it('shows what it holds, and hands the receipt in', () => {
    const [bench, at] = [handsetWith(stores()), meterAlone()];
    bench.hold(issuer.voucher(1, AMOUNT));
    const state = tap(bench, at);
    expect(state.end).toBe('done');
    expect(at.credited()).toBe(AMOUNT);
    expect(resultsIn(bench.receipts())).toEqual([RESULT.APPLIED]);
    const sent = bench.link.said.map(
      ({ payload }) => parseRequest(new TextDecoder().decode(payload)).payload,
    );
    expect(sent.at(-1)).toMatchObject({ op: 'receipts', receipts: bench.receipts() });
  });

  it('taps without a network and hands in when there is one', () => {
    const kept = stores();
    const [bench, at] = [handsetWith(kept), meterAlone()];
    bench.hold(issuer.voucher(1, AMOUNT));
    void bench.handset.close();
    tap(bench, at);
    expect(at.credited()).toBe(AMOUNT);
    const later = handsetWith(kept);
    const sent = later.link.said.map(
      ({ payload }) => parseRequest(new TextDecoder().decode(payload)).payload,
    );
    expect(sent).toMatchObject([{ op: 'receipts', receipts: bench.receipts() }]);
  });

  it('keeps vouchers, receipts and acknowledgements in files over a restart', () => {
    const path = directory();
    const kept = (): Stores => ({ store: fileRequestStore(path), bag: fileBagStore(join(path, 'bag')) });
    const at = meterAlone();
    handsetWith(kept()).hold(issuer.voucher(1, AMOUNT));
    tap(handsetWith(kept()), at);
    const third = handsetWith(kept());
    expect(resultsIn(third.receipts())).toEqual([RESULT.APPLIED]);
    const [ask] = third.handset.outstanding;
    third.answer({
      requestId: ask?.request.requestId ?? '',
      status: 'settled',
      acks: [bytesToHex(issuer.ack(1, 2))],
    });
    tap(handsetWith(kept()), at);
    expect(at.meter.state?.meter.record).toMatchObject({ ackedReceiptNo: 1 });
  });

  it('names a bag that is damaged instead of losing what was in it', () => {
    const path = join(directory(), 'bag');
    writeFileSync(path, '{"vouchers":[]}');
    expect(() => fileBagStore(path).load()).toThrow(
      expect.objectContaining({ code: 'DATA_DAMAGED', message: expect.stringContaining(path) }),
    );
  });

  it('carries other people’s receipts, each of them once while it is on its way', () => {
    const [neighbour, bench, at] = [handsetWith(stores()), handsetWith(stores()), meterAlone()];
    neighbour.hold(issuer.voucher(1, AMOUNT));
    neighbour.hold(issuer.voucher(2, AMOUNT));
    tap(neighbour, at);
    tap(bench, at);
    tap(bench, at);
    expect(bench.receipts()).toHaveLength(2);
    expect([...bench.receipts()].sort()).toEqual([...neighbour.receipts()].sort());
  });

  it('carries acknowledgements back, after which there is nothing to carry', () => {
    const [bench, at] = [handsetWith(stores()), meterAlone()];
    bench.hold(issuer.voucher(1, AMOUNT));
    tap(bench, at);
    const [ask] = bench.handset.outstanding;
    const acks = [bytesToHex(issuer.ack(1, 2)), bytesToHex(issuer.ack(0, 1))];
    bench.answer({ requestId: ask?.request.requestId ?? '', status: 'settled', acks });
    expect(tap(bench, at).delivered).toHaveLength(1);
    expect(at.meter.state?.meter.record).toMatchObject({ ackedReceiptNo: 1 });
    expect(tap(bench, at)).toMatchObject({ end: 'done', receipts: [], delivered: [] });
    expect(bench.receipts()).toEqual([]);
  });

  it('shows again what the meter cannot take now, and not what it refuses for good', () => {
    const [bench, at] = [handsetWith(stores()), meterAlone()];
    bench.hold(issuer.voucher(1, BALANCE_LIMIT));
    bench.hold(issuer.voucher(2, AMOUNT));
    bench.hold(issuer.voucher(3, AMOUNT).with(71, 0));
    tap(bench, at);
    const again = tap(bench, at);
    expect(again.shown.map(({ fields }) => fields.result)).toEqual([RESULT.OVER_LIMIT]);
    expect(resultsIn(bench.receipts())).toEqual([RESULT.APPLIED]);
  });

  it('carries all the vouchers of one meter that may be open at once, over as many taps as it takes', () => {
    const [bench, at] = [handsetWith(stores()), meterAlone()];
    const seqs = Array.from({ length: 16 }, (_, index) => index + 1);
    for (const seq of seqs) bench.hold(issuer.voucher(seq, AMOUNT));
    expect(tap(bench, at).shown).toHaveLength(8);
    expect(tap(bench, at).shown).toHaveLength(8);
    expect(tap(bench, at).shown).toEqual([]);
    expect(at.credited()).toBe(16n * AMOUNT);
    expect(resultsIn(bench.receipts())).toEqual(seqs.map(() => RESULT.APPLIED));
    expect(new Set(bench.receipts()).size).toBe(seqs.length);
  });

  it('shows all that it holds, though the meter cannot take the first ones now', () => {
    const [bench, at] = [handsetWith(stores()), meterAlone()];
    for (let seq = 1; seq <= 8; seq += 1) bench.hold(issuer.voucher(seq, BALANCE_LIMIT + 1n));
    bench.hold(issuer.voucher(9, AMOUNT));
    tap(bench, at);
    expect(at.credited()).toBe(0n);
    tap(bench, at);
    expect(at.credited()).toBe(AMOUNT);
  });

  it('refuses a voucher rather than forgetting another, and is given it again', () => {
    const [kept, at] = [stores(), meterAlone()];
    const bench = handsetWith(kept);
    for (let seq = 1; seq <= BAG_VOUCHERS_OF_METER_MAX; seq += 1) bench.hold(issuer.voucher(seq, AMOUNT));
    const before = kept.bag.load();
    bench.hold(issuer.voucher(BAG_VOUCHERS_OF_METER_MAX + 1, AMOUNT));
    expect(kept.bag.load()).toBe(before);
    const [ask] = bench.handset.outstanding;
    tap(bench, at);
    const voucher = bytesToHex(issuer.voucher(BAG_VOUCHERS_OF_METER_MAX + 1, AMOUNT));
    bench.answer({ requestId: ask?.request.requestId ?? '', status: 'issued', voucher });
    for (let taps = 0; taps < 8; taps += 1) tap(bench, at);
    expect(at.credited()).toBe(AMOUNT * BigInt(BAG_VOUCHERS_OF_METER_MAX + 1));
  });

  it('makes room of what a newer voucher says is resolved', () => {
    const kept = stores();
    const bench = handsetWith(kept);
    for (let seq = 1; seq <= BAG_VOUCHERS_OF_METER_MAX; seq += 1) bench.hold(issuer.voucher(seq, AMOUNT));
    bench.hold(issuer.voucher(BAG_VOUCHERS_OF_METER_MAX + 1, AMOUNT, { floorSeq: 3 }));
    const held = kept.bag.load().vouchers[METER] ?? [];
    expect(held).toHaveLength(BAG_VOUCHERS_OF_METER_MAX - 1);
    expect(held[0]?.voucherId).toBe(issuer.idOf(3));
  });

  it('carries for thousands of meters, and says so when there are too many', () => {
    const bag = memoryBagStore();
    const courier = new Courier({ bag, inHand: () => new Set(), handIn: () => undefined });
    const template = issuer.voucher(1, AMOUNT);
    const voucherOf = (meter: number): string => {
      const frame = Uint8Array.from(template);
      new DataView(frame.buffer).setBigUint64(2, BigInt(meter));
      return bytesToHex(frame);
    };
    for (let meter = 1; meter <= BAG_METERS_MAX; meter += 1) courier.keep(voucherOf(meter));
    expect(() => courier.keep(voucherOf(BAG_METERS_MAX + 1))).toThrow(
      expect.objectContaining({ code: 'BUSY' }),
    );
    expect(Object.keys(bag.load().vouchers)).toHaveLength(BAG_METERS_MAX);
  });

  it('leaves a meter alone while it has too much to hand in', () => {
    const bench = handsetWith(stores(), 1);
    bench.handset.ask({ op: 'balance', walletId: 'w1' });
    expect(() => bench.handset.beginTap()).toThrow(expect.objectContaining({ code: 'BUSY' }));
  });

  it('forgets no voucher where its receipt could not be stored', () => {
    const store = memoryRequestStore();
    const bag = memoryBagStore();
    const full: RequestStore = {
      ...store,
      put: (request) => {
        if (request.op === 'receipts') throw new Error('no room');
        store.put(request);
      },
    };
    const at = meterAlone();
    const bench = handsetWith({ store: full, bag });
    bench.hold(issuer.voucher(1, AMOUNT));
    expect(() => tap(bench, at)).toThrow('no room');
    const later = handsetWith({ store, bag });
    tap(later, at);
    expect(at.credited()).toBe(AMOUNT);
    expect(resultsIn(later.receipts()).sort()).toEqual([RESULT.APPLIED, RESULT.ALREADY_APPLIED]);
  });
});

describe('a tap removed at any APDU, any number of times', () => {
  const removal = fc.record({ commands: fc.nat({ max: 14 }), heard: fc.boolean() });
  const cut = fc.option(fc.nat({ max: 400 }), { nil: undefined });

  it('is completed by tapping again: one credit and one receipt of it for each voucher', () => {
    const tries = fc.array(fc.record({ removal, cut, isRestart: fc.boolean() }), { maxLength: 6 });
    fc.assert(
      fc.property(tries, fc.integer({ min: 1, max: 3 }), (all, vouchers) => {
        const kept = stores();
        const at = meterAlone();
        let bench = handsetWith(kept);
        for (let seq = 1; seq <= vouchers; seq++) bench.hold(issuer.voucher(seq, AMOUNT));
        for (const one of all) {
          if (one.cut !== undefined) at.nvm.cutAfter({ writes: one.cut });
          tap(bench, at, one.removal);
          at.nvm.restore();
          at.meter.powerOn();
          if (one.isRestart) bench = handsetWith(kept);
        }
        expect(tap(bench, at).end).toBe('done');
        expect(at.credited()).toBe(BigInt(vouchers) * AMOUNT);
        const proofs = new Set(
          bench.receipts().flatMap((receipt) => {
            const decoded = decodeReceipt(hexToBytes(receipt));
            return decoded.ok && decoded.fields.result === RESULT.APPLIED ? [decoded.fields.seq] : [];
          }),
        );
        expect(proofs.size).toBe(vouchers);
        expect(new Set(bench.receipts()).size).toBe(bench.receipts().length);
      }),
      { numRuns: 80 },
    );
  });
});
