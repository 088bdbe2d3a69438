import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeVoucherMessage, hexToBytes } from '@tapwatt/firmware-contracts';
import { memoryTag, meterCard, ndefPhone } from '@tapwatt/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomesOf, phone } from './phone.ts';
import { readersInMemory } from './readers-in-memory.ts';
import { acknowledgedOf, creditOf, meterWithoutNetwork } from './tapped-meter.ts';
import { openTown, type RawHandset, type Town } from './town.ts';
import { until } from './until.ts';

const memory = readersInMemory(['meters', 'counter']);
let directory: string;
let town: Town;
let handset: RawHandset;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  const nfc = { enabled: true, meterReaders: ['meters'], counterReaders: ['counter'] };
  town = await openTown({
    ...{ directory, meters: 8, nfcReaders: memory.readers },
    config: { links: { nfc, serial: [] } },
  });
  handset = await town.handset();
});
afterAll(async () => {
  await town?.close();
  await rm(directory, { recursive: true, force: true });
});

const redeemed = async (voucherId: string, meterId: string): Promise<void> => {
  await town.voucherIs(voucherId, 'REDEEMED');
  expect(await town.ledgerMeter(meterId)).toMatchObject({ settled: '500', open: [] });
};

/** A voucher on a phone at the counter; resolves when what became of it is told there. */
const shown = async (voucher: string): Promise<void> => {
  const before = town.log.length;
  memory.hold('counter', ndefPhone(encodeVoucherMessage([hexToBytes(voucher)])));
  const isTold = () =>
    town.log
      .slice(before)
      .some((line) => line.includes('shown at the counter') && line.includes('"settled"'));
  await until('the counter to tell of it', () => isTold() || undefined);
};

describe('one voucher', () => {
  it('over MQTT, at the reader, on a phone and on a card at the counter, and all of it again, is one credit and one settlement', async () => {
    const meter = await town.meter();
    const { voucherId, voucher } = await handset.buy(meter.meterId);
    const message = encodeVoucherMessage([hexToBytes(voucher)]);
    const redeem = handset.ask({ op: 'redeem', voucher });
    for (let time = 0; time < 3; time += 1) {
      memory.hold('counter', ndefPhone(message));
      memory.hold('meters', meterCard(meter.device, `tap-${time}`));
      memory.hold('counter', memoryTag(message));
    }
    await handset.hears(redeem, 'settled');
    await redeemed(voucherId, meter.meterId);
    expect(meter.credited).toBe(500n);
    await until('the acknowledgement', () => meter.acknowledged === 1 || undefined);
    expect(await handset.askUntil({ op: 'redeem', voucher }, 'settled')).toMatchObject({ voucherId });
    expect(meter.credited).toBe(500n);
  });

  const others = [
    ['at the counter', (voucher: string) => shown(voucher)],
    ['over MQTT', (voucher: string) => handset.askUntil({ op: 'redeem', voucher }, 'settled')],
  ] as const;
  it.each(others)(
    '%s and by a courier’s phone, and both again, is one credit and one settlement',
    async (_, way) => {
      const meter = await town.meter();
      const { voucherId, voucher } = await handset.buy(meter.meterId);
      const { courier, tap, inHand } = phone();
      courier.keep(voucher);
      const carry = async (): Promise<void> => {
        expect((await tap(meter.device)).end).toBe('done');
        const handedIn = await handset.askUntil({ op: 'receipts', receipts: inHand }, 'settled');
        for (const outcome of outcomesOf(handedIn))
          expect(outcome).toMatchObject({ outcome: 'redeemed', voucherId });
      };
      await Promise.all([way(voucher), carry()]);
      await redeemed(voucherId, meter.meterId);
      const first = await town.voucher(voucherId);
      courier.keep(voucher);
      await Promise.all([carry(), way(voucher)]);
      await until('the acknowledgement', () => meter.acknowledged === 1 || undefined);
      expect(meter.credited).toBe(500n);
      await redeemed(voucherId, meter.meterId);
      expect(await town.voucher(voucherId)).toEqual(first);
      expect(await town.get('/api/v1/invariants')).toMatchObject({ ok: true });
    },
  );

  it('shown at the counter for a meter that is tapped and torn at each command meanwhile is credited and settled once', async () => {
    const meter = meterWithoutNetwork(town.fleet, town.fleet.meters.at(-1));
    const meterId = String(meter.meterId);
    const { voucherId, voucher } = await handset.buy(meterId);
    memory.hold('counter', ndefPhone(encodeVoucherMessage([hexToBytes(voucher)])));
    for (let at = 0; at < 6; at += 1) {
      const card = meterCard(meter, 'torn');
      let left = at;
      const before = town.log.length;
      const remove = memory.hold('meters', {
        transmit(command) {
          left -= 1;
          if (left >= 0) return card.transmit(command);
          if (at % 2 === 1) card.transmit(command);
          remove();
          return undefined;
        },
      });
      await until(
        'its end',
        () => town.log.slice(before).some((line) => line.includes('"durationMs"')) || undefined,
      );
      remove();
    }
    memory.hold('meters', meterCard(meter, 'whole'));
    await redeemed(voucherId, meterId);
    await until('the acknowledgement', () => acknowledgedOf(meter) === 1 || undefined);
    expect(creditOf(meter)).toBe(500n);
    expect(town.faults()).toEqual([]);
  });
});
