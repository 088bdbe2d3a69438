import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bytesToHex,
  decodeReceipt,
  decodeStatus,
  decodeVoucher,
  type HandsetRequest,
  hexToBytes,
  parseRequest,
  parseTopic,
  RESULT,
} from '@tapwatt/firmware-contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { fleetOf, SITE } from '../../test/fleet-of.ts';
import { type HandGateway, own, startHandGateway } from '../../test/hand-gateway.ts';
import { issuerFor } from '../../test/vouchers.ts';
import type { HandsetObservation } from '../handset/handset.ts';
import { memoryRequestStore } from '../handset/request-store.ts';
import { mqttLinks } from '../link/mqtt-link.ts';
import { tcpConnector } from '../link/tcp.ts';
import { dropsReceipts, repeatsReceipts } from '../meter/behaviour.ts';
import { seededRandom } from '../time/random.ts';
import { systemTime } from '../time/time.ts';
import type { Fleet } from './fleet-file.ts';
import { newBoard, provisioningOf } from './from-fleet.ts';
import { openMeterFile } from './meter-files.ts';
import { type Purchase, purchaseOf } from './purchase.ts';
import { type FleetOptions, type RunningFleet, startFleet } from './start-fleet.ts';
import { startTraffic } from './traffic.ts';

const TIMEOUT_MS = 30_000;
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const gateway = async (): Promise<HandGateway> => {
  const hand = await startHandGateway();
  closing.push(() => hand.close());
  return hand;
};

const start = async (fleet: Fleet, rest: Partial<FleetOptions> = {}): Promise<RunningFleet> => {
  const random = seededRandom(1);
  const run = startFleet({
    fleet,
    time: systemTime,
    random,
    links: mqttLinks({
      connector: tcpConnector(fleet.broker),
      time: systemTime,
      random,
      backoff: { firstMs: 5, maxMs: 20 },
    }),
    newRequestId: () => randomBytes(8).toString('hex'),
    memoryOf: newBoard,
    storeOf: memoryRequestStore,
    chargeEveryMs: 0,
    readEveryMs: 0,
    ...rest,
  });
  closing.push(() => run.close());
  await run.allUp(TIMEOUT_MS);
  return run;
};

/** Plays issuer, ledger and courier for whatever handsets ask. */
const serve = (hand: HandGateway): void => {
  const seqs = new Map<string, number>();
  const owners = new Map<string, { handset: string; requestId: string }[]>();
  const tell = (handset: string, result: object): void =>
    void hand.send(
      own.handset(handset).result,
      new TextEncoder().encode(JSON.stringify({ at: 1, ...result })),
    );
  const present = (handset: string, requestId: string, voucher: Uint8Array): void => {
    const decoded = decodeVoucher(voucher);
    if (!decoded.ok) return;
    const { voucherId, meterId } = decoded.fields;
    owners.set(voucherId, [...(owners.get(voucherId) ?? []), { handset, requestId }]);
    void hand.send(own.meter(meterId).down('vch'), voucher);
  };
  const onRequest = (handset: string, request: HandsetRequest): void => {
    if (request.op === 'redeem') present(handset, request.requestId, hexToBytes(request.voucher));
    if (request.op !== 'issue') return;
    const seq = (seqs.get(request.meterId) ?? 0) + 1;
    seqs.set(request.meterId, seq);
    const voucher = issuerFor(request.meterId).voucher(seq, BigInt(request.amount));
    tell(handset, { requestId: request.requestId, status: 'issued', voucher: bytesToHex(voucher) });
    if (request.deliver) present(handset, request.requestId, voucher);
  };
  const onReceipt = (meterId: string, payload: Uint8Array): void => {
    const decoded = decodeReceipt(payload);
    if (!decoded.ok) return;
    for (const { handset, requestId } of owners.get(decoded.fields.voucherId) ?? []) {
      tell(handset, { requestId, status: 'on-meter', receipt: bytesToHex(payload) });
      tell(handset, { requestId, status: 'settled', txId: 't' });
    }
    void hand.send(own.meter(meterId).down('ack'), issuerFor(meterId).ack(decoded.fields.receiptNo));
  };
  hand.onMessage(({ topic, payload }) => {
    const parsed = parseTopic(SITE, topic);
    if (parsed?.channel === 'up/req')
      onRequest(parsed.id, parseRequest(new TextDecoder().decode(payload)).payload);
    if (parsed?.channel === 'up/rcpt') onReceipt(parsed.id, payload);
  });
};

const isFrom =
  (meterId: string, channel: 'status' | 'rcpt' | 'tele') =>
  ({ topic }: { topic: string }): boolean =>
    topic === own.meter(meterId).up(channel);

const receiptOf = (payload: Uint8Array) => {
  const decoded = decodeReceipt(payload);
  if (!decoded.ok) throw new Error('no receipt');
  return decoded.fields;
};

describe('a fleet on a real broker', () => {
  it('buys and redeems on both ways, and tells the times of each', async () => {
    const hand = await gateway();
    serve(hand);
    const fleet = fleetOf(hand.port, 3, 2);
    const purchases: Purchase[] = [];
    let enough = (): void => {};
    const settled = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const run = await start(fleet, {
      observeHandset: (handset, seen: HandsetObservation) => {
        const purchase = seen.type === 'heard' ? purchaseOf(handset.id, seen.ask) : undefined;
        if (purchase !== undefined) purchases.push(purchase);
        if (purchases.length === 12) enough();
      },
    });
    const stop = startTraffic({
      handsets: run.handsets,
      meters: run.meters,
      walletOf: ({ id }) => `w-${id}`,
      time: systemTime,
      random: seededRandom(2),
      intervalMs: 2,
      onError: (error) => {
        throw error;
      },
    });
    closing.push(stop);
    await settled;
    const dozen = purchases.slice(0, 12);
    expect(dozen.every(({ outcome }) => outcome === 'settled')).toBe(true);
    expect(new Set(dozen.map(({ way }) => way))).toEqual(new Set(['gateway', 'handset']));
    for (const { issuedMs = -1, onMeterMs = -1, settledMs = -1 } of dozen) {
      expect(issuedMs).toBeGreaterThanOrEqual(0);
      expect(onMeterMs).toBeGreaterThanOrEqual(issuedMs);
      expect(settledMs).toBeGreaterThanOrEqual(onMeterMs);
    }
  });

  it('shows its unacknowledged receipts again when it comes back', async () => {
    const hand = await gateway();
    const fleet = fleetOf(hand.port, 1, 0);
    const [entry] = fleet.meters;
    const id = entry?.meterId ?? '';
    await start(fleet);
    await hand.next(isFrom(id, 'status'));
    await hand.send(own.meter(id).down('vch'), issuerFor(id).voucher(1));
    expect(receiptOf(await hand.next(isFrom(id, 'rcpt'))).result).toBe(RESULT.APPLIED);
    hand.cutAll();
    await hand.next(isFrom(id, 'status'));
    expect(receiptOf(await hand.next(isFrom(id, 'rcpt')))).toMatchObject({
      receiptNo: 1,
      result: RESULT.APPLIED,
    });
  });

  it('is where it was after a stop and a start, from files', async () => {
    const hand = await gateway();
    const directory = mkdtempSync(join(tmpdir(), 'tapwatt-fleet-'));
    closing.push(() => rmSync(directory, { recursive: true }));
    const fleet = fleetOf(hand.port, 1, 0);
    const [entry] = fleet.meters;
    const id = entry?.meterId ?? '';
    const memoryOf: FleetOptions['memoryOf'] = (meter) =>
      openMeterFile(join(directory, `${meter.meterId}.nvm`), provisioningOf(meter));
    const first = await start(fleet, { memoryOf });
    await hand.next(isFrom(id, 'status'));
    await hand.send(own.meter(id).down('vch'), issuerFor(id).voucher(1, 4_200n));
    await hand.next(isFrom(id, 'rcpt'));
    await first.close();
    const second = await start(fleet, { memoryOf });
    const status = decodeStatus(await hand.next(isFrom(id, 'status')));
    expect(status).toMatchObject({ ok: true, fields: { receiptNo: 1, balance: 4_200n, hi: 1 } });
    await hand.send(own.meter(id).down('vch'), issuerFor(id).voucher(1, 4_200n));
    await hand.next(isFrom(id, 'rcpt')); // the unacknowledged one
    expect(receiptOf(await hand.next(isFrom(id, 'rcpt'))).result).toBe(RESULT.ALREADY_APPLIED);
    expect(second.meters[0]?.balance).toBe(4_200n);
  });

  it('publishes readings and charges what is consumed on one timer for all', async () => {
    const hand = await gateway();
    const fleet = fleetOf(hand.port, 2, 0);
    const run = await start(fleet, { chargeEveryMs: 20, readEveryMs: 20, speed: 1_000_000 });
    for (const { meterId } of fleet.meters) {
      await hand.send(own.meter(meterId).down('vch'), issuerFor(meterId).voucher(1, 5_000n));
      await hand.next(isFrom(meterId, 'rcpt'));
      await hand.next(isFrom(meterId, 'tele'));
      await hand.next(
        (message) => isFrom(meterId, 'status')(message) && (message.payload[1] ?? 0) % 2 === 0, // relay open
      );
    }
    expect(run.meters.every((meter) => meter.balance < 5_000n)).toBe(true);
  });

  it('can be made to misbehave', async () => {
    const hand = await gateway();
    const fleet = fleetOf(hand.port, 2, 0);
    const [twice, never] = fleet.meters.map(({ meterId }) => meterId);
    await start(fleet, {
      behaviourOf: ({ meterId }) =>
        meterId === twice ? repeatsReceipts(3) : dropsReceipts(1, seededRandom(1)),
    });
    for (const id of [twice, never]) {
      await hand.next(isFrom(id ?? '', 'status'));
      await hand.send(own.meter(id ?? '').down('vch'), issuerFor(id ?? '').voucher(1));
    }
    for (let i = 0; i < 3; i++) await hand.next(isFrom(twice ?? '', 'rcpt'));
    await hand.next(isFrom(never ?? '', 'status')); // low credit, or relay: it took the voucher, and said all but the receipt
    expect(hand.heard.some(isFrom(never ?? '', 'rcpt'))).toBe(false);
  });

  it('says how many are connected when a broker cannot be reached', async () => {
    const hand = await gateway();
    const fleet = fleetOf(hand.port, 2, 1);
    hand.refuse(fleet.meters[0]?.identity);
    const random = seededRandom(1);
    const run = startFleet({
      fleet,
      time: systemTime,
      random,
      links: mqttLinks({ connector: tcpConnector(fleet.broker), time: systemTime, random }),
      newRequestId: () => 'r',
      memoryOf: newBoard,
      storeOf: memoryRequestStore,
    });
    closing.push(() => run.close());
    await expect(run.allUp(300)).rejects.toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
      details: { up: 2, of: 3 },
    });
  });

  it('refuses to run more meters than the fleet has', () => {
    const fleet = fleetOf(1, 2);
    expect(() =>
      startFleet({
        fleet,
        meters: 3,
        time: systemTime,
        random: seededRandom(1),
        links: () => {
          throw new Error('not reached');
        },
        newRequestId: () => 'r',
        memoryOf: newBoard,
        storeOf: memoryRequestStore,
      }),
    ).toThrow('2 meters, 3 were asked for');
  });
});
