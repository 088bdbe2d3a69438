import { encodeVoucherMessage, hexToBytes } from '@tapwatt/firmware-contracts';
import { type CardInField, memoryTag, ndefPhone } from '@tapwatt/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { creditOf } from '../tapped-meter.ts';
import { until } from '../until.ts';
import { asCard, openReaderTown, type ReaderTown } from './reader-town.ts';

const METER_READER = 0;
const COUNTER = 1;

let place: ReaderTown;
beforeAll(async () => {
  place = await openReaderTown({ meters: 20, counter: true });
});
afterAll(() => place?.close());

/** A voucher that its buyer carries, for a meter that is on MQTT or not. */
const carried = async (meterId: string) => {
  const { voucherId, voucher } = await place.handset.buy(meterId);
  return { voucherId, frame: hexToBytes(voucher) };
};
const steps = (voucherId: string) =>
  place.town.log
    .map((line): { redemptionId?: string; status?: string } => JSON.parse(line))
    .filter(({ redemptionId, status }) => redemptionId === voucherId && status !== undefined)
    .map(({ status }) => status);
const show = async (card: CardInField): Promise<void> => {
  const before = place.town.log.length;
  const held = await place.hold(card, COUNTER);
  await until(
    'the card to be read',
    () => place.town.log.slice(before).some((line) => line.includes('a card was read')) || undefined,
  );
  held.remove();
  await held.removed;
};

describe('a voucher that is shown at the counter', () => {
  it.each([
    ['a phone', ndefPhone],
    ['a memory card', memoryTag],
  ])('on %s goes to its meter over MQTT, and is told of until it is settled', async (_what, cardOf) => {
    const meter = await place.town.meter();
    const { voucherId, frame } = await carried(meter.meterId);
    await show(cardOf(encodeVoucherMessage([frame])));
    await place.town.voucherIs(voucherId, 'REDEEMED');
    await until('the last step', () => steps(voucherId).includes('settled') || undefined);
    expect(steps(voucherId)).toEqual(['accepted', 'on-meter', 'settled']);
    expect(meter.credited).toBe(500n);
  });

  it('waits for a meter without a network until that is tapped at the other reader', async () => {
    const meter = place.meter();
    const { voucherId, frame } = await carried(String(meter.meterId));
    await show(ndefPhone(encodeVoucherMessage([frame])));
    await until('it to wait', () => steps(voucherId).includes('pending') || undefined);
    expect(creditOf(meter)).toBe(0n);
    await place.tap(asCard(meter), METER_READER);
    await until('the last step', () => steps(voucherId).includes('settled') || undefined);
    expect(steps(voucherId)).toEqual(['pending', 'accepted', 'on-meter', 'settled']);
    expect(creditOf(meter)).toBe(500n);
  });

  it('among others, with some for other meters, shown twice and redeemed by a handset as well, is credited once', async () => {
    const meters = [await place.town.meter(), await place.town.meter()];
    const vouchers = await Promise.all(meters.map(({ meterId }) => carried(meterId)));
    const message = encodeVoucherMessage(vouchers.map(({ frame }) => frame));
    const redeem = place.handset.ask({
      op: 'redeem',
      voucher: Buffer.from(vouchers[0]?.frame ?? []).toString('hex'),
    });
    await Promise.all([show(ndefPhone(message)), place.handset.hears(redeem, 'settled')]);
    await show(memoryTag(message));
    for (const { voucherId } of vouchers) await place.town.voucherIs(voucherId, 'REDEEMED');
    expect(meters.map(({ credited }) => credited)).toEqual([500n, 500n]);
    for (const { meterId } of meters)
      expect(await place.town.ledgerMeter(meterId)).toMatchObject({ settled: '500', open: [] });
  });

  it('is read at the next showing where the phone was moved away over any of its commands', async () => {
    const meter = await place.town.meter();
    const { voucherId, frame } = await carried(meter.meterId);
    const message = encodeVoucherMessage([frame]);
    for (let at = 0; at < 6; at += 1) {
      const phone = ndefPhone(message);
      let left = at;
      const before = place.town.log.length;
      const held = await place.hold(
        {
          transmit(command) {
            left -= 1;
            if (left < 0) held.remove();
            return left < 0 ? undefined : phone.transmit(command);
          },
        },
        COUNTER,
      );
      await held.removed;
      await until(
        'it to be told',
        () =>
          place.town.log.slice(before).some((line) => line.includes('a card could not be read')) || undefined,
      );
      expect(steps(voucherId)).toEqual([]);
    }
    await show(ndefPhone(message));
    await place.town.voucherIs(voucherId, 'REDEEMED');
    expect(meter.credited).toBe(500n);
  });

  it('that is forged, or cut, is refused and shown to no meter', async () => {
    const meter = await place.town.meter();
    const { voucherId, frame } = await carried(meter.meterId);
    const before = place.town.log.length;
    await show(ndefPhone(encodeVoucherMessage([frame.with(70, (frame[70] ?? 0) ^ 1)])));
    await until(
      'the refusal',
      () => place.town.log.slice(before).some((line) => line.includes('"BAD_MAC"')) || undefined,
    );
    await show(ndefPhone(encodeVoucherMessage([frame]).subarray(0, 60)));
    await show(memoryTag(new Uint8Array(0)));
    expect(await place.town.voucher(voucherId)).toMatchObject({ status: 'ISSUED' });
    expect(meter.credited).toBe(0n);
  });
});
