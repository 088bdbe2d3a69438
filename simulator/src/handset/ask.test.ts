import type { RequestResult, RequestStatus, VoucherId } from '@tapwatt/firmware-contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ask, hear, newAsk } from './ask.ts';
import { isFurther, isRequestStatus } from './status.ts';
import type { StoredRequest } from './stored-request.ts';

const request = (op: StoredRequest['op'], rest: Partial<StoredRequest> = {}): StoredRequest => ({
  requestId: 'r1',
  op,
  jws: 'a.b.c',
  madeAtMs: 1_000,
  ...rest,
});

const result = (status: RequestStatus, rest: Partial<RequestResult> = {}): RequestResult => ({
  requestId: 'r1',
  status,
  at: 1,
  ...rest,
});

const after = (ask: Ask, ...results: readonly RequestResult[]): Ask =>
  results.reduce((sofar, next) => hear(sofar, next, 2_000).ask, ask);

const STATUSES = [
  'issued',
  'accepted',
  'pending',
  'on-meter',
  'settled',
  'cancelling',
  'voided',
  'redeemed',
  'abandoned',
  'ok',
  'refused',
] as const;

describe('a request that waits for its results', () => {
  it('only ever advances, whatever order results come in', () => {
    const anyResult = fc.constantFrom(...STATUSES).map((status) => result(status));
    fc.assert(
      fc.property(fc.array(anyResult, { maxLength: 12 }), (results) => {
        let ask = newAsk(request('redeem'), 0);
        for (const next of results) {
          const heard = hear(ask, next, 1).ask;
          if (heard.status !== ask.status) expect(isFurther(heard.status ?? 'issued', ask.status)).toBe(true);
          if (ask.isFinal) expect(heard).toBe(ask);
          ask = heard;
        }
      }),
    );
  });

  it('takes a refusal that passes for no contradiction, however far it is', () => {
    const far = after(newAsk(request('redeem'), 0), result('on-meter'));
    expect(hear(far, result('refused', { code: 'LEDGER_UNAVAILABLE' }), 1).heard).toBe('not-now');
    expect(hear(far, result('refused', { code: 'BAD_MAC' }), 1).heard).toBe('contradicted');
  });

  it('knows when each kind of request is over', () => {
    const issued = result('issued', { voucher: 'ab', voucherId: '00' as VoucherId });
    expect(after(newAsk(request('issue', { deliver: false }), 0), issued).isFinal).toBe(true);
    expect(after(newAsk(request('issue', { deliver: true }), 0), issued).isFinal).toBe(false);
    expect(after(newAsk(request('issue', { deliver: true }), 0), issued, result('on-meter')).isFinal).toBe(
      false,
    );
    expect(after(newAsk(request('issue', { deliver: true }), 0), result('settled')).isFinal).toBe(true);
    expect(after(newAsk(request('redeem'), 0), result('on-meter')).isFinal).toBe(false);
    expect(after(newAsk(request('cancel'), 0), result('cancelling'), result('voided')).isFinal).toBe(true);
    expect(after(newAsk(request('query'), 0), result('pending')).isFinal).toBe(true);
    expect(after(newAsk(request('balance'), 0), result('ok', { balance: '5' })).facts.balance).toBe('5');
  });

  it('takes a voucher that comes after a further status', () => {
    const ask = after(
      newAsk(request('issue', { deliver: false }), 0),
      result('accepted'),
      result('issued', { voucher: 'ab' }),
    );
    expect(ask).toMatchObject({ status: 'accepted', isFinal: true, facts: { voucher: 'ab' } });
  });

  it('goes on after a refusal that only says not now, and ends at one that is final', () => {
    const busy = hear(newAsk(request('redeem'), 0), result('refused', { code: 'BUSY' }), 1);
    expect(busy).toMatchObject({ heard: 'not-now', ask: { isFinal: false } });
    const poor = hear(busy.ask, result('refused', { code: 'INSUFFICIENT_FUNDS' }), 1);
    expect(poor).toMatchObject({ heard: 'advanced', ask: { isFinal: true, status: 'refused' } });
  });

  it('does not take back that a voucher is on the meter', () => {
    const onMeter = after(newAsk(request('redeem'), 0), result('on-meter'));
    expect(hear(onMeter, result('refused', { code: 'EXPIRED' }), 1)).toEqual({
      ask: onMeter,
      heard: 'contradicted',
    });
  });

  it('remembers when it first heard each status', () => {
    const first = hear(newAsk(request('redeem'), 0), result('on-meter'), 10).ask;
    const again = hear(first, result('on-meter'), 20).ask;
    expect(hear(again, result('settled'), 30).ask.heardAtMs).toEqual({ 'on-meter': 10, settled: 30 });
  });

  it('knows every status of the contract', () => {
    expect(STATUSES.every(isRequestStatus)).toBe(true);
    expect(isRequestStatus('done')).toBe(false);
  });
});
