import type { Meter } from '@tapwatt/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acknowledgedOf, creditOf } from '../tapped-meter.ts';
import { asCard, openReaderTown, type ReaderTown } from './reader-town.ts';

let place: ReaderTown;
beforeAll(async () => {
  place = await openReaderTown({ meters: 40 });
});
afterAll(() => place?.close());

const buyFor = (meter: Meter) =>
  place.handset.ask({
    ...{ op: 'issue', walletId: 'wallet-1', amount: '500', deliver: true },
    meterId: String(meter.meterId),
  } as const);

describe('a meter at a real reader', () => {
  it('takes its voucher, and the handset hears that it is settled', async () => {
    const meter = place.meter();
    const bought = buyFor(meter);
    await place.handset.hears(bought, 'pending');
    const line = await place.tap(asCard(meter));
    expect(line).toMatchObject({ end: 'done', meterId: String(meter.meterId), vouchers: 1 });
    await place.handset.hears(bought, 'settled');
    expect([creditOf(meter), acknowledgedOf(meter)]).toEqual([500n, 1]);
  });
});
