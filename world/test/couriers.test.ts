import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INS, type RequestResult } from '@tapwatt/firmware-contracts';
import { type FleetMeter, type Meter, meterCard } from '@tapwatt/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outcomesOf, phone } from './phone.ts';
import type { RawHandset } from './raw-handset.ts';
import { acknowledgedOf, creditOf, meterWithoutNetwork, readerOf } from './tapped-meter.ts';
import { openTown, type Town } from './town.ts';
import { openSites, type Sites } from './two-sites.ts';
import { NEVER_MS } from './until.ts';

const AMOUNT = 500n;
/** SELECT, STATUS, PUT, COMMIT. */
const COMMANDS = 4;
/** Vouchers of a meter that may be open on the ledger. */
const MAX_OPEN = 16;

const acksOf = (result: RequestResult | undefined): readonly string[] =>
  (result as { acks?: readonly string[] } | undefined)?.acks ?? [];

describe('a phone without a network', () => {
  let sites: Sites;
  let meter: Meter;
  let buyer: RawHandset;
  let carrier: RawHandset | undefined;
  let voucher: { readonly voucherId: string; readonly voucher: string };
  beforeEach(async () => {
    carrier = undefined;
    sites = await openSites({ meters: 1, sweepMs: NEVER_MS });
    meter = meterWithoutNetwork(sites.a.fleet, sites.a.fleet.meters[0]);
    buyer = await sites.a.handset();
    voucher = await buyer.buy('1', String(AMOUNT));
  });
  afterEach(() => sites?.close());

  const record = () => sites.books.evaluate('CheckVoucher', { voucherId: voucher.voucherId });

  /** Hands in at the other gateway, which has never seen the meter. */
  const handInElsewhere = async (receipts: readonly string[]): Promise<RequestResult> => {
    carrier ??= await sites.b.handset();
    return carrier.askUntil({ op: 'receipts', receipts }, 'settled');
  };

  it('credits the meter, and settles at any gateway, days later; nobody says it is settled before it is', async () => {
    const { courier, tap, inHand } = phone();
    courier.keep(voucher.voucher);
    expect((await tap(meter)).end).toBe('done');
    expect(creditOf(meter)).toBe(AMOUNT);
    expect(inHand).toHaveLength(1);
    expect(await record()).toMatchObject({ status: 'ISSUED' });
    expect(await buyer.askUntil({ op: 'query', of: voucher.voucherId }, 'issued')).toBeDefined();
    const said = buyer.heard.map(({ status }) => status);
    expect(said).not.toContain('on-meter');
    expect(said).not.toContain('settled');

    const handedIn = await handInElsewhere(inHand);
    expect(outcomesOf(handedIn)).toEqual([
      { outcome: 'redeemed', voucherId: voucher.voucherId, meterId: '1' },
    ]);
    expect(await record()).toMatchObject({ status: 'REDEEMED' });
    courier.carryBack(acksOf(handedIn));
    await tap(meter);
    expect(acknowledgedOf(meter)).toBe(1);
    expect(creditOf(meter)).toBe(AMOUNT);
    await buyer.askUntil({ op: 'query', of: voucher.voucherId }, 'settled');
  });

  it('carries out what another phone left behind', async () => {
    const [first, second] = [phone(), phone()];
    first.courier.keep(voucher.voucher);
    await first.tap(meter);
    await second.tap(meter);
    expect(second.inHand).toEqual(first.inHand);
    await handInElsewhere(second.inHand);
    expect(outcomesOf(await handInElsewhere(first.inHand))).toMatchObject([{ outcome: 'redeemed' }]);
    expect(creditOf(meter)).toBe(AMOUNT);
    expect(await record()).toMatchObject({ status: 'REDEEMED' });
  });

  const tears = Array.from({ length: COMMANDS }, (_, at) => [
    { at, heard: false },
    { at, heard: true },
  ]).flat();
  it.each(tears)('torn away at %o and held there again is one credit and one settlement', async (tear) => {
    const { courier, tap, inHand } = phone();
    courier.keep(voucher.voucher);
    expect((await tap(meter, tear)).end).toBe('torn');
    expect((await tap(meter)).end).toBe('done');
    await tap(meter);
    expect(creditOf(meter)).toBe(AMOUNT);
    const outcomes = outcomesOf(await handInElsewhere(inHand));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ outcome: 'redeemed' });
    expect(await record()).toMatchObject({ status: 'REDEEMED' });
  });

  /** SELECT, STATUS, PUT, COMMIT of a second voucher, GET RECEIPT of the first, ACK. */
  const later = [INS.SELECT, INS.GET_STATUS, INS.PUT_VOUCHER, INS.COMMIT, INS.GET_RECEIPT, INS.ACK];
  const laterTears = later.flatMap((_, at) => [
    { at, heard: false },
    { at, heard: true },
  ]);
  it.each(laterTears)('torn away at %o of a tap that also acknowledges loses nothing', async (tear) => {
    const [neighbour, { courier, tap, inHand }] = [phone(), phone()];
    neighbour.courier.keep(voucher.voucher);
    await neighbour.tap(meter);
    const second = await buyer.buy('1');
    courier.keep(second.voucher);
    courier.carryBack(acksOf(await handInElsewhere(neighbour.inHand)));
    expect((await tap(meter, tear)).end).toBe('torn');
    expect((await tap(meter)).end).toBe('done');
    expect(creditOf(meter)).toBe(2n * AMOUNT);
    const handedIn = await handInElsewhere(inHand);
    const redeemed = outcomesOf(handedIn).map((outcome) => (outcome as { voucherId?: string }).voucherId);
    expect(redeemed).toContain(second.voucherId);
    for (const outcome of outcomesOf(handedIn)) expect(outcome).toMatchObject({ outcome: 'redeemed' });
    courier.carryBack(acksOf(handedIn));
    await tap(meter);
    expect(acknowledgedOf(meter)).toBe(2);
    expect(creditOf(meter)).toBe(2n * AMOUNT);
    const { open, settled } = await sites.ledgerMeter('1');
    expect([open, settled]).toEqual([[], String(2n * AMOUNT)]);
  });

  it('asks in such a tap what these tears are at', async () => {
    const [neighbour, { courier, tap, said }] = [phone(), phone()];
    neighbour.courier.keep(voucher.voucher);
    await neighbour.tap(meter);
    courier.keep((await buyer.buy('1')).voucher);
    courier.carryBack(acksOf(await handInElsewhere(neighbour.inHand)));
    await tap(meter);
    expect(said).toEqual(later);
  });

  it('and the gateway’s own reader at once are one credit and one settlement', async () => {
    const { courier, tap, inHand } = phone();
    courier.keep(voucher.voucher);
    const limits = { tapMs: 10_000, commandMs: 2_000, planMs: 2_000, lingerMs: 0 };
    const { transmit } = readerOf(meterCard(meter, 'reader'));
    buyer.ask({ op: 'redeem', voucher: voucher.voucher });
    await Promise.all([tap(meter), sites.a.gateway.taps.nfc.tap(transmit, limits)]);
    expect(creditOf(meter)).toBe(AMOUNT);
    await handInElsewhere(inHand);
    expect(await record()).toMatchObject({ status: 'REDEEMED' });
  });

  it('carries all that may be open for a meter to it, over as many taps as it takes', async () => {
    const { courier, tap, inHand } = phone();
    courier.keep(voucher.voucher);
    for (let more = 1; more < MAX_OPEN; more += 1) courier.keep((await buyer.buy('1')).voucher);
    const taps = [await tap(meter), await tap(meter), await tap(meter)];
    expect(taps.map(({ shown }) => shown.length)).toEqual([8, 8, 0]);
    expect(creditOf(meter)).toBe(AMOUNT * BigInt(MAX_OPEN));
    const outcomes = outcomesOf(await handInElsewhere(inHand));
    expect(outcomes).toEqual(Array(MAX_OPEN).fill(expect.objectContaining({ outcome: 'redeemed' })));
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(MAX_OPEN);
  });

  it('does not get around the limit on unsettled vouchers: a further one is sold only after the hand-in', async () => {
    const { courier, tap, inHand } = phone();
    for (let onMeter = 0; onMeter < MAX_OPEN; onMeter += 1) {
      courier.keep(onMeter === 0 ? voucher.voucher : (await buyer.buy('1')).voucher);
      await tap(meter);
    }
    expect(inHand).toHaveLength(MAX_OPEN);
    expect(creditOf(meter)).toBe(AMOUNT * BigInt(MAX_OPEN));

    const wish = { op: 'issue', walletId: buyer.walletId, meterId: '1', amount: String(AMOUNT) } as const;
    const refused = await buyer.askUntil({ ...wish, deliver: false }, 'refused');
    expect(refused).toMatchObject({ code: 'WINDOW_FULL' });
    const outcomes = outcomesOf(await handInElsewhere(inHand));
    expect(outcomes).toEqual(Array(MAX_OPEN).fill(expect.objectContaining({ outcome: 'redeemed' })));

    const { voucher: further } = await buyer.buy('1');
    courier.keep(further);
    await tap(meter);
    expect(creditOf(meter)).toBe(AMOUNT * BigInt(MAX_OPEN + 1));
  });
});

describe('a phone that has the web and no broker', () => {
  let directory: string;
  let town: Town;
  let buyer: RawHandset;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tapwatt-couriers-'));
    town = await openTown({ directory, meters: 1 });
    buyer = await town.handset();
  });
  afterEach(async () => {
    await town?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const post = async (jws: string, waitMs = 5_000) => {
    const answer = await fetch(`http://127.0.0.1:${town.ports.http}/api/v1/requests`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jws, waitMs }),
    });
    const body = (await answer.json()) as { code?: string; results?: readonly RequestResult[] };
    return { status: answer.status, ...body };
  };
  const statuses = (answer: { results?: readonly RequestResult[] }): readonly string[] =>
    answer.results?.map(({ status }) => status) ?? [];
  const offline = (): Meter => meterWithoutNetwork(town.fleet, town.fleet.meters[0] as FleetMeter);
  const meterId = (): string => town.fleet.meters[0]?.meterId ?? '';

  it('buys, and hands in, with the same results as over MQTT, and the same again when asked again', async () => {
    const wish = { op: 'issue', walletId: buyer.walletId, meterId: meterId(), amount: String(AMOUNT) };
    const bought = await post(buyer.sign({ ...wish, deliver: false }).jws);
    expect([bought.status, statuses(bought)]).toEqual([200, ['issued']]);
    const { voucher = '', voucherId = '' } = bought.results?.[0] ?? {};
    const meter = offline();
    const { courier, tap, inHand } = phone();
    courier.keep(voucher);
    await tap(meter);
    expect(await town.voucher(voucherId)).toMatchObject({ status: 'ISSUED' });

    const { jws } = buyer.sign({ op: 'receipts', receipts: inHand });
    const [first, again] = [await post(jws), await post(jws)];
    for (const answer of [first, again]) {
      expect([answer.status, statuses(answer)]).toEqual([200, ['settled']]);
      expect(answer.results?.map(outcomesOf)).toMatchObject([[{ outcome: 'redeemed', voucherId }]]);
    }
    expect(await town.voucher(voucherId)).toMatchObject({ status: 'REDEEMED' });
    courier.carryBack(acksOf(first.results?.[0]));
    await tap(meter);
    expect([creditOf(meter), acknowledgedOf(meter)]).toEqual([AMOUNT, 1]);
  });

  it('is answered with how far it got where its meter is away, and goes on by itself', async () => {
    const wish = { op: 'issue', walletId: buyer.walletId, meterId: meterId(), amount: String(AMOUNT) };
    const bought = await post(buyer.sign({ ...wish, deliver: true }).jws, 300);
    expect(bought.status).toBe(200);
    expect(statuses(bought).at(-1)).toBe('pending');
  });

  it('is refused without a good signature, of which the handset that it names hears nothing', async () => {
    const good = buyer.sign({ op: 'balance', walletId: buyer.walletId });
    const forged = `${good.jws.slice(0, -4)}AAAA`;
    const stranger = buyer.sign({ op: 'balance', walletId: buyer.walletId }, { kid: 'nobody' });
    expect(await post(forged)).toMatchObject({ status: 403, code: 'BAD_SIGNATURE' });
    expect(await post(stranger.jws)).toMatchObject({ status: 404, code: 'PARTY_UNKNOWN' });
    expect(await post('no.jws')).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
    expect(await post(good.jws)).toMatchObject({ status: 200, results: [{ status: 'ok' }] });
    await buyer.hears(good, 'ok');
    expect(buyer.resultsOf(good).map(({ status }) => status)).toEqual(['ok']);
    const poor = buyer.sign({
      ...{ op: 'issue', walletId: buyer.walletId, meterId: meterId(), amount: '999999999', deliver: false },
    });
    expect(await post(poor.jws)).toMatchObject({ status: 422, results: [{ status: 'refused' }] });
    expect(town.faults()).toEqual([]);
  });
});
