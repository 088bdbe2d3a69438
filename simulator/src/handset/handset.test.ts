import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSignedBy, parseRequest, type RequestResult, topics } from '@tapwatt/firmware-contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { SITE } from '../../test/fleet-of.ts';
import { issuerFor } from '../../test/vouchers.ts';
import { type WireLink, wireLink } from '../../test/wire-link.ts';
import { ManualTime } from '../time/manual-time.ts';
import { seededRandom } from '../time/random.ts';
import { fileRequestStore } from './file-request-store.ts';
import { Handset, type HandsetObservation } from './handset.ts';
import { memoryRequestStore, type RequestStore } from './request-store.ts';
import type { StoredRequest } from './stored-request.ts';

const METER = '1000000001';
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const own = topics(SITE).handset('h1');

interface Bench {
  readonly handset: Handset;
  readonly link: WireLink;
  readonly time: ManualTime;
  readonly seen: HandsetObservation[];
  readonly sent: () => string[];
  readonly answer: (result: Partial<RequestResult>) => void;
}

let made = 0;

const handsetOn = (store: RequestStore, maxOutstanding = 4): Bench => {
  const link = wireLink();
  const time = new ManualTime(1_700_000_000_000);
  const seen: HandsetObservation[] = [];
  const handset = new Handset({
    id: 'h1',
    site: SITE,
    ledgerId: 'ledger1',
    privateKey,
    password: 'secret',
    links: link.factory,
    store,
    time,
    random: seededRandom(1),
    newRequestId: () => `r${++made}`,
    maxOutstanding,
    observe: (observation) => seen.push(observation),
  });
  return {
    handset,
    link,
    time,
    seen,
    sent: () => link.said.map(({ payload }) => new TextDecoder().decode(payload)),
    answer: (result) => link.hear(own.result, new TextEncoder().encode(JSON.stringify({ at: 1, ...result }))),
  };
};

const directories: string[] = [];
const directory = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'tapwatt-handset-'));
  directories.push(path);
  return path;
};
afterEach(() => {
  for (const path of directories.splice(0)) rmSync(path, { recursive: true });
});

const WISH = { op: 'issue', walletId: 'w1', meterId: METER, amount: '1000', deliver: false } as const;
const voucherHex = (seq: number): string => Buffer.from(issuerFor(METER).voucher(seq)).toString('hex');

describe('a handset', () => {
  it('signs a request by the rules, and stores it before it sends it', () => {
    const store = memoryRequestStore();
    const order: string[] = [];
    const put = (request: StoredRequest): void => {
      order.push('stored');
      store.put(request);
    };
    const bench = handsetOn({ ...store, put });
    bench.handset.start();
    const ask = bench.handset.ask(WISH);
    order.push(`sent ${bench.sent().length}`);
    expect(order).toEqual(['stored', 'sent 1']);
    const parsed = parseRequest(bench.sent()[0] ?? '');
    expect(parsed.payload).toEqual({
      ...WISH,
      aud: 'ledger1',
      requestId: ask.request.requestId,
      at: 1_700_000_000,
    });
    expect(parsed.kid).toBe('h1');
    expect(isSignedBy(parsed, publicKey)).toBe(true);
  });

  it('does not send what it could not store', () => {
    const bench = handsetOn({
      ...memoryRequestStore(),
      put: () => {
        throw new Error('no room');
      },
    });
    bench.handset.start();
    expect(() => bench.handset.ask(WISH)).toThrow('no room');
    expect(bench.sent()).toEqual([]);
    expect(bench.handset.outstanding).toEqual([]);
  });

  it('sends the same bytes again, ever less often, until the request is final', () => {
    const bench = handsetOn(memoryRequestStore());
    bench.handset.start();
    const { request } = bench.handset.ask({ ...WISH, deliver: true });
    for (let s = 0; s < 120; s++) {
      bench.time.advance(1_000);
      bench.handset.tick();
    }
    const sent = bench.sent();
    expect(new Set(sent).size).toBe(1);
    expect(sent.length).toBeGreaterThan(5);
    expect(sent.length).toBeLessThan(15);
    bench.answer({ requestId: request.requestId, status: 'settled' });
    bench.time.advance(600_000);
    bench.handset.tick();
    expect(bench.sent()).toHaveLength(sent.length);
  });

  it('redeems what it bought, and forgets the purchase only when the redeem request is stored', () => {
    const store = memoryRequestStore();
    const bench = handsetOn(store);
    bench.handset.start();
    const { request } = bench.handset.ask(WISH, { thenRedeem: true });
    bench.time.advance(30);
    bench.answer({ requestId: request.requestId, status: 'issued', voucher: voucherHex(1) });
    const [redeem] = store.load();
    expect(store.load()).toHaveLength(1);
    expect(redeem).toMatchObject({
      op: 'redeem',
      meterId: METER,
      amount: '1000',
      follows: { requestId: request.requestId, madeAtMs: 1_700_000_000_000, issuedAtMs: 1_700_000_000_030 },
    });
    expect(parseRequest(redeem?.jws ?? '').payload).toMatchObject({ op: 'redeem', voucher: voucherHex(1) });
  });

  it('takes up after a stop where it was, from files', () => {
    const path = directory();
    const before = handsetOn(fileRequestStore(path));
    before.handset.start();
    const { request } = before.handset.ask(WISH, { thenRedeem: true });
    const after = handsetOn(fileRequestStore(path));
    after.handset.start();
    expect(after.sent()).toEqual([request.jws]);
    expect(after.handset.outstanding[0]).toMatchObject({ isResumed: true, request });
    after.answer({ requestId: request.requestId, status: 'issued', voucher: voucherHex(1) });
    expect(readdirSync(path)).toHaveLength(1);
    after.answer({ requestId: after.handset.outstanding[0]?.request.requestId ?? '', status: 'settled' });
    expect(readdirSync(path)).toEqual([]);
  });

  it('makes no second redeem request when it stopped between storing it and forgetting the purchase', () => {
    const store = memoryRequestStore();
    const forgetful = handsetOn({ ...store, remove: () => {} });
    forgetful.handset.start();
    const { request } = forgetful.handset.ask(WISH, { thenRedeem: true });
    forgetful.answer({ requestId: request.requestId, status: 'issued', voucher: voucherHex(1) });
    expect(store.load()).toHaveLength(2);
    const after = handsetOn(store);
    after.handset.start();
    expect(after.handset.outstanding.map((ask) => ask.request.op)).toEqual(['redeem']);
    expect(store.load()).toHaveLength(1);
  });

  it('keeps a purchase whose redeem request cannot be stored, and tries again', () => {
    const store = memoryRequestStore();
    let isFull = false;
    const bench = handsetOn({
      ...store,
      put: (request) => {
        if (isFull) throw new Error('no room');
        store.put(request);
      },
    });
    bench.handset.start();
    const { request } = bench.handset.ask(WISH, { thenRedeem: true });
    isFull = true;
    bench.answer({ requestId: request.requestId, status: 'issued', voucher: voucherHex(1) });
    expect(bench.handset.outstanding.map((ask) => ask.request.op)).toEqual(['issue']);
    expect(bench.seen.at(-1)).toMatchObject({ type: 'store-failed' });
    isFull = false;
    bench.answer({ requestId: request.requestId, status: 'issued', voucher: voucherHex(1) });
    expect(bench.handset.outstanding.map((ask) => ask.request.op)).toEqual(['redeem']);
  });

  it('tells who waits when the goal is reached, and says DEADLINE when it is not in time', async () => {
    const bench = handsetOn(memoryRequestStore());
    bench.handset.start();
    const { requestId } = bench.handset.ask({ op: 'redeem', voucher: voucherHex(1) }).request;
    const onMeter = bench.handset.reached(requestId, 'on-meter', 1_000);
    const settled = bench.handset.reached(requestId, 'settled', 1_000);
    bench.answer({ requestId, status: 'pending' });
    bench.answer({ requestId, status: 'on-meter' });
    expect((await onMeter).status).toBe('on-meter');
    bench.time.advance(1_000);
    await expect(settled).rejects.toMatchObject({ code: 'DEADLINE' });
    await expect(bench.handset.reached('nothing', 'ok', 1)).rejects.toMatchObject({
      code: 'REQUEST_UNKNOWN',
    });
  });

  it('ignores what is no result, and results that nobody asked for', () => {
    const bench = handsetOn(memoryRequestStore());
    bench.handset.start();
    const { requestId } = bench.handset.ask(WISH).request;
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{"requestId":"r"}',
      `{"requestId":"${requestId}","status":"done"}`,
    ]) {
      bench.link.hear(own.result, new TextEncoder().encode(text));
    }
    bench.answer({ requestId: 'other', status: 'settled' });
    bench.link.hear(
      'tw/v1/site1/h/h2/dn/res',
      new TextEncoder().encode(JSON.stringify({ requestId, status: 'ok' })),
    );
    expect(bench.handset.outstanding[0]?.status).toBeUndefined();
  });

  it('refuses more than its limit of outstanding requests', () => {
    const { handset } = handsetOn(memoryRequestStore(), 2);
    handset.ask(WISH);
    handset.ask(WISH);
    expect(() => handset.ask(WISH)).toThrow(expect.objectContaining({ code: 'BUSY' }));
  });

  it('names a damaged file instead of losing what was in it', () => {
    const path = directory();
    writeFileSync(join(path, 'r9.json'), '{"requestId":');
    expect(() => handsetOn(fileRequestStore(path)).handset.start()).toThrow(
      expect.objectContaining({ code: 'DATA_DAMAGED', message: expect.stringContaining('r9.json') }),
    );
  });
});
