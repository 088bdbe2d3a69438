import { describe, expect, it } from 'vitest';
import type { LiveChange } from '../http/live-feed.ts';
import { createLiveBoard, type LiveBoard, MAX_RECENT_VOUCHERS } from './live-board.ts';

function board(nowMs = 100_000, maxMeters = 3): LiveBoard {
  return createLiveBoard({
    clock: { nowMs: () => nowMs },
    readiness: () => ({ state: 'ready', reasons: [] }),
    ledgerHead: () => ({ blockNumber: 4 }),
    maxMeters,
  });
}

const voucher = (n: number) => ({ voucherId: `v${n}`, meterId: '1' });

describe('the live board', () => {
  it('follows a voucher through its stages and keeps the time of each', () => {
    const live = board();
    live.voucherAdvanced({ ...voucher(1), stage: 'issued', atMs: 1, amount: '500' });
    live.voucherAdvanced({ ...voucher(1), stage: 'settled', atMs: 4, txId: 'ab' });
    live.voucherAdvanced({ ...voucher(1), stage: 'on-meter', atMs: 3 });
    expect(live.snapshot().vouchers).toEqual([
      {
        ...voucher(1),
        amount: '500',
        txId: 'ab',
        stage: 'settled',
        times: { issued: 1, 'on-meter': 3, settled: 4 },
      },
    ]);
  });

  it('remembers the newest vouchers only, newest first', () => {
    const live = board();
    for (let n = 0; n < 200; n += 1) live.voucherAdvanced({ ...voucher(n), stage: 'issued', atMs: n });
    const { vouchers } = live.snapshot();
    expect(vouchers).toHaveLength(MAX_RECENT_VOUCHERS);
    expect(vouchers[0]?.voucherId).toBe('v199');
    expect(live.overview().counters.issued).toBe(200);
  });

  it('counts connected meters also when the oldest one had to be forgotten', () => {
    const live = board();
    for (let n = 1; n <= 5; n += 1) live.meterSeen({ meterId: String(n), connected: true, lastSeenMs: n });
    expect(live.overview().counters).toMatchObject({ metersSeen: 3, metersConnected: 3 });
    expect(live.meter('1')).toBeUndefined();
    live.meterSeen({ meterId: '5', connected: false });
    expect(live.meter('5')).toEqual({ meterId: '5', connected: false, lastSeenMs: 5 });
    expect(live.overview().counters.metersConnected).toBe(2);
  });

  it('takes the word of a meter that does not listen for no connection', () => {
    const live = createLiveBoard({
      clock: { nowMs: () => 1 },
      readiness: () => ({ state: 'ready', reasons: [] }),
      ledgerHead: () => ({ blockNumber: 4 }),
      mayListen: (meterId) => meterId === '1',
      maxMeters: 3,
    });
    for (const meterId of ['1', '2']) live.meterSeen({ meterId, balance: '5' });
    expect(live.meter('1')).toEqual({ meterId: '1', balance: '5', connected: true });
    expect(live.meter('2')).toEqual({ meterId: '2', balance: '5', connected: false });
    expect(live.overview().counters.metersConnected).toBe(1);
  });

  it('tells its listeners of every change until they leave', () => {
    const live = board();
    const heard: LiveChange['type'][] = [];
    const leave = live.subscribe((change) => heard.push(change.type));
    live.meterSeen({ meterId: '1', connected: true });
    live.voucherAdvanced({ ...voucher(1), stage: 'issued', atMs: 1 });
    leave();
    live.meterSeen({ meterId: '1', connected: false });
    expect(heard).toEqual(['meter', 'voucher']);
  });

  it('gives latencies and the throughput of the last minute', () => {
    const live = board(100_000);
    for (let n = 0; n < 10; n += 1) live.voucherAdvanced({ ...voucher(n), stage: 'settled', atMs: 98_500 });
    live.latency('on-meter', 12);
    const { latencies, settledPerSecond } = live.overview();
    expect(settledPerSecond).toHaveLength(60);
    expect(settledPerSecond.at(-2)).toBe(10);
    expect(latencies.find((entry) => entry.stage === 'on-meter')).toMatchObject({
      count: 1,
      maxMs: 12,
      p50Ms: 12,
    });
  });
});
