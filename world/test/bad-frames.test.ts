import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  meterId as asMeterId,
  bytesToHex,
  type EpochKeys,
  encodeReceipt,
  encodeStatus,
  encodeVoucher,
  epochKeys,
  hexToBytes,
  meterRootKey,
  RESULT,
  topics,
  VOUCHER_KIND,
  type VoucherId,
} from '@tapwatt/firmware-contracts';
import { hearsTwice, silent, slow } from '@tapwatt/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sent } from './raw-handset.ts';
import { openTown, type RawHandset, type Town, type TownMeter } from './town.ts';
import { until } from './until.ts';

/** How often a handset asks again for what it did not hear, for how many requests at once, and after how long. */
const ROUNDS = 100;
const ASKED_AT_ONCE = 20;
const ROUND_MS = 5_000;

let directory: string;
let town: Town;
let handset: RawHandset;
let other: RawHandset;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  town = await openTown({ directory, meters: 24, handsets: 2 });
  handset = await town.handset();
  other = await town.handset();
});
afterAll(async () => {
  await town?.close();
  await rm(directory, { recursive: true, force: true });
});

const flipped = (frame: Uint8Array, bit: number): Uint8Array => {
  const copy = frame.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
};

const keysOf = async (meter: TownMeter, keyEpoch: number): Promise<EpochKeys> => {
  const file = await readFile(join(town.config.dataDirectory, 'keys', 'master.key'), 'utf8');
  const master = hexToBytes(file.match(/^[0-9a-f]{64}$/m)?.[0] ?? '');
  return epochKeys(meterRootKey(master, asMeterId(meter.meterId)), keyEpoch);
};

const redeemed = async (voucher: string) => {
  const sent = handset.ask({ op: 'redeem', voucher });
  return until('an answer', () => handset.resultsOf(sent).at(0));
};

/** What the meter says after this has come through to the gateway and been dealt with. */
const toldSoFar = async (meter: TownMeter): Promise<void> => {
  const { voucher } = await handset.buy(meter.meterId, '1');
  await handset.askUntil({ op: 'redeem', voucher }, 'settled');
};

describe('a voucher frame', () => {
  it('truncated or overlong is refused, and the whole one is still good', async () => {
    const meter = await town.meter();
    const { voucher } = await handset.buy(meter.meterId);
    for (const wrong of ['', voucher.slice(0, 2), voucher.slice(0, -2), `${voucher}00`, voucher.repeat(2)]) {
      expect(await redeemed(wrong)).toMatchObject({ status: 'refused', code: 'BAD_REQUEST' });
    }
    await handset.askUntil({ op: 'redeem', voucher }, 'settled');
    expect(meter.credited).toBe(500n);
  });

  it('with any one bit flipped is refused before the meter hears of it', async () => {
    const meter = await town.meter();
    const { voucher } = await handset.buy(meter.meterId);
    const frame = hexToBytes(voucher);
    const sent = Array.from({ length: frame.length * 8 }, (_, bit) =>
      handset.ask({ op: 'redeem', voucher: bytesToHex(flipped(frame, bit)) }),
    );
    const answers = await Promise.all(
      sent.map((one) => until('an answer', () => handset.resultsOf(one).at(0))),
    );
    const codes = new Map<string, number>();
    for (const { status, code } of answers) {
      const word = `${status} ${code}`;
      codes.set(word, (codes.get(word) ?? 0) + 1);
    }
    expect([...codes.keys()].sort()).toEqual(['refused BAD_FORMAT', 'refused BAD_MAC']);
    // The gateway may have shown it the whole one by itself.
    expect(meter.receipts().filter(({ result }) => result !== RESULT.APPLIED)).toEqual([]);
    await handset.askUntil({ op: 'redeem', voucher }, 'settled');
    expect(meter.credited).toBe(500n);
  });

  it('for another meter than it was sealed for is refused', async () => {
    const [first, second] = [await town.meter(), await town.meter()];
    const { voucher } = await handset.buy(first.meterId);
    const frame = hexToBytes(voucher);
    new DataView(frame.buffer, frame.byteOffset).setBigUint64(2, BigInt(second.meterId));
    expect(await redeemed(bytesToHex(frame))).toMatchObject({ status: 'refused', code: 'BAD_MAC' });
    expect(second.receipts()).toEqual([]);
  });

  it('of another key epoch is refused by the meter, the handset hears why, and the ledger, which never sold it, halts', async () => {
    const meter = await town.meter();
    const { voucher } = await handset.buy(meter.meterId);
    const fields = {
      kind: VOUCHER_KIND.CREDIT,
      meterId: asMeterId(meter.meterId),
      keyEpoch: 2,
      seq: 1,
      amount: 700n,
      issuedAt: 1,
      expiresAt: 0,
      voucherId: 'ef'.repeat(16) as VoucherId,
      floorSeq: 1,
    };
    const forged = bytesToHex(encodeVoucher(fields, await keysOf(meter, 2)));
    const sent = handset.ask({ op: 'redeem', voucher: forged });
    expect(await handset.hears(sent, 'refused')).toMatchObject({ code: 'BAD_EPOCH' });
    await handset.askUntil({ op: 'redeem', voucher }, 'settled');
    expect(meter.credited).toBe(500n);
    const request = { reason: 'forged with the master key', quarantine: false };
    await until('a halt that can be lifted', async () => {
      const refusal = await town.order('discom', 'ResumeIssuing', request);
      return refusal === undefined || undefined;
    });
  });
});

describe('a receipt', () => {
  it('that is forged in any bit is not told as a credit and settles nothing', async () => {
    const meter = await town.meter();
    meter.behave({
      outgoing: (message) =>
        message.channel === 'rcpt'
          ? Array.from({ length: 128 }, (_, byte) => ({
              ...message,
              payload: flipped(message.payload, byte * 8 + (byte % 8)),
            }))
          : [message],
    });
    const { voucherId, voucher } = await handset.buy(meter.meterId);
    const sent = handset.ask({ op: 'redeem', voucher });
    await until('the forged receipts', () => meter.said('rcpt').length === 128 || undefined);
    meter.behave(silent);
    await toldSoFar(await town.meter());
    expect(handset.resultsOf(sent).map(({ status }) => status)).toEqual(['accepted']);
    expect(await town.voucher(voucherId)).toMatchObject({ status: 'ISSUED' });
    meter.behave({});
    meter.device.powerOff();
    await meter.start();
    await handset.hears(sent, 'settled');
    expect(meter.credited).toBe(500n);
  });

  it('with a wrong length is ignored', async () => {
    const meter = await town.meter();
    const up = topics(town.fleet.site).meter(asMeterId(meter.meterId)).up('rcpt');
    for (const length of [0, 1, 127, 129, 4_096]) meter.say(up, new Uint8Array(length));
    await toldSoFar(meter);
    expect(meter.credited).toBe(1n);
  });

  it('of another meter, said by this one, credits nobody', async () => {
    const [thief, victim] = [await town.meter(), await town.meter()];
    victim.behave(silent);
    const { voucherId, voucher } = await handset.buy(victim.meterId);
    const sent = handset.ask({ op: 'redeem', voucher });
    await until('the credit', () => victim.credited === 500n || undefined);
    const [receipt] = victim.device.state?.meter.record?.ring ?? [];
    if (receipt === undefined) throw new Error('The meter keeps no receipt.');
    thief.say(topics(town.fleet.site).meter(asMeterId(thief.meterId)).up('rcpt'), receipt);
    await toldSoFar(thief);
    expect(handset.resultsOf(sent).map(({ status }) => status)).toEqual(['accepted']);
    expect(await town.voucher(voucherId)).toMatchObject({ status: 'ISSUED' });
    // On the other's own topic it is not even let through.
    thief.say(topics(town.fleet.site).meter(asMeterId(victim.meterId)).up('rcpt'), receipt);
    await until('the thief to be thrown out, or back', () => thief.isUp || undefined);
    await toldSoFar(await town.meter());
    expect(await town.voucher(voucherId)).toMatchObject({ status: 'ISSUED' });
  });

  it('that is authentic and claims a credit without its opening settles nothing', async () => {
    const meter = await town.meter();
    meter.behave(silent);
    const { voucherId, voucher } = await handset.buy(meter.meterId);
    const sent = handset.ask({ op: 'redeem', voucher });
    await until('the credit', () => meter.credited === 500n || undefined);
    const fields = {
      result: RESULT.APPLIED,
      kind: VOUCHER_KIND.CREDIT,
      clockTrust: 0,
      meterId: asMeterId(meter.meterId),
      keyEpoch: 1,
      receiptNo: 1,
      seq: 1,
      voucherId: voucherId as VoucherId,
      credited: 500n,
      balance: 500n,
      cumulativeCredited: 500n,
      hi: 1,
      used: 1n,
      meterTime: 1,
      opening: new Uint8Array(32).fill(7),
    } as const;
    const up = topics(town.fleet.site).meter(asMeterId(meter.meterId)).up('rcpt');
    const keys = await keysOf(meter, 1);
    meter.say(up, encodeReceipt(fields, keys));
    meter.say(up, encodeReceipt({ ...fields, opening: new Uint8Array(32) }, keys));
    await toldSoFar(await town.meter());
    expect(handset.resultsOf(sent).map(({ status }) => status)).toEqual(['accepted']);
    expect(await town.voucher(voucherId)).toMatchObject({ status: 'ISSUED' });
  });
});

describe('a status', () => {
  it('that is forged, or another meter’s, changes nothing in the books', async () => {
    const [meter, neighbour] = [await town.meter(), await town.meter()];
    await toldSoFar(meter);
    const before = await town.ledgerMeter(meter.meterId);
    const up = topics(town.fleet.site).meter(asMeterId(meter.meterId)).up('status');
    const fields = {
      stateBits: 1,
      keyEpoch: 1,
      meterId: asMeterId(meter.meterId),
      hi: 0,
      used: 0n,
      floorSeq: 1,
      balance: 0n,
      cumulativeCredited: 0n,
      receiptNo: 0,
      ackedReceiptNo: 0,
      meterTime: 1,
    };
    meter.say(up, encodeStatus(fields, await keysOf(neighbour, 1)));
    meter.say(up, flipped(encodeStatus({ ...fields, hi: 9 }, await keysOf(meter, 1)), 100));
    meter.say(up, encodeStatus({ ...fields, keyEpoch: 0 }, await keysOf(neighbour, 0)));
    const [theirs] = neighbour.said('status');
    if (theirs !== undefined) meter.say(up, theirs);
    for (const length of [0, 63, 65]) meter.say(up, new Uint8Array(length));
    await toldSoFar(meter);
    const after = await town.ledgerMeter(meter.meterId);
    expect(after).toMatchObject({ quarantined: false, keyEpoch: before.keyEpoch, settled: '2' });
  });
});

describe('a voucher presented 1,000 times', () => {
  it('by one handset in as many requests is one credit and one settlement', async () => {
    const meter = await town.meter();
    const { voucherId, voucher } = await handset.buy(meter.meterId);
    const sent = Array.from({ length: 1_000 }, () => handset.sign({ op: 'redeem', voucher }));
    const newest = (one: Sent) => handset.resultsOf(one).at(-1);
    for (const { jws } of sent) handset.send(jws);
    // Only so many may wait for one voucher, and a handset that is behind misses results: those it asks for again.
    const unsettled = () => sent.filter((one) => newest(one)?.status !== 'settled');
    await town.voucherIs(voucherId, 'REDEEMED');
    for (let round = 1; round <= ROUNDS && unsettled().length > 0; round += 1) {
      const some = unsettled().slice(0, ASKED_AT_ONCE);
      await handset.up();
      for (const { jws } of some) handset.send(jws);
      const areSettled = () => some.every((one) => newest(one)?.status === 'settled') || undefined;
      await until('their ends', areSettled, ROUND_MS).catch(() => undefined);
    }
    expect(unsettled()).toEqual([]);
    expect(meter.credited).toBe(500n);
    expect(meter.receipts().filter(({ result }) => result === RESULT.APPLIED)).toHaveLength(1);
    expect(await town.ledgerMeter(meter.meterId)).toMatchObject({ settled: '500', open: [] });
    const settlements = new Set(
      sent.flatMap((one) => handset.resultsOf(one).flatMap(({ txId }) => txId ?? [])),
    );
    expect([...settlements]).toEqual([(await town.voucher(voucherId)).settledTxId]);
  });

  it('to a meter that hears each 1,000 times, and answers as often, is one credit', async () => {
    const meter = await town.meter();
    meter.behave(hearsTwice(1_000));
    const { voucherId, voucher } = await handset.buy(meter.meterId);
    await handset.askUntil({ op: 'redeem', voucher }, 'settled');
    meter.behave({});
    await toldSoFar(meter);
    expect(meter.credited).toBe(501n);
    expect(await town.ledgerMeter(meter.meterId)).toMatchObject({ settled: '501' });
    expect(await town.voucher(voucherId)).toMatchObject({ status: 'REDEEMED' });
  });

  it('by two handsets at once is told on-meter and settled to both', async () => {
    const meter = await town.meter();
    meter.behave(slow(300));
    const { voucher } = await handset.buy(meter.meterId);
    const both = [handset, other].map((by) => ({ by, sent: by.ask({ op: 'redeem', voucher }) }));
    const told = await Promise.all(
      both.map(async ({ by, sent }) => {
        await by.hears(sent, 'settled');
        return by.resultsOf(sent).map(({ status }) => status);
      }),
    );
    expect(told).toEqual([
      ['accepted', 'on-meter', 'settled'],
      ['accepted', 'on-meter', 'settled'],
    ]);
    expect(meter.credited).toBe(500n);
  });
});

it('none of this left a trace in the books, or a fault in the log', async () => {
  expect(await town.get('/api/v1/invariants')).toMatchObject({ ok: true });
  expect(town.faults()).toEqual([]);
});
