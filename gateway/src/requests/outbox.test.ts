import type { RequestResult } from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import { createOutbox } from './outbox.ts';

function heard() {
  const results: string[] = [];
  const outbox = createOutbox(
    { nowMs: () => 5_000, monotonicMs: () => 5_000, after: () => () => undefined },
    (_, result: RequestResult) =>
      void results.push(result.code === undefined ? result.status : `${result.status} ${result.code}`),
  );
  return { outbox, results };
}

describe('the outbox', () => {
  it('sends the newest result again where a late step would go back', () => {
    const { outbox, results } = heard();
    for (const status of ['issued', 'accepted', 'on-meter', 'accepted', 'settled', 'on-meter'] as const) {
      outbox.answer('h', { requestId: 'r', status });
    }
    expect(results).toEqual(['issued', 'accepted', 'on-meter', 'on-meter', 'settled', 'settled']);
  });

  it('lets a request go on though another message under its id was refused', () => {
    const { outbox, results } = heard();
    outbox.refuse('h', { requestId: 'r', code: 'BAD_SIGNATURE', message: '' });
    outbox.answer('h', { requestId: 'r', status: 'issued' });
    outbox.refuse('h', { requestId: 'r', code: 'REQUEST_REUSED', message: '' });
    outbox.answer('h', { requestId: 'r', status: 'on-meter' });
    expect(results).toEqual(['refused BAD_SIGNATURE', 'issued', 'refused REQUEST_REUSED', 'on-meter']);
  });

  it('lets a request outgrow a refusal that passes', () => {
    const { outbox, results } = heard();
    outbox.answer('h', { requestId: 'r', status: 'refused', code: 'BUSY' });
    outbox.answer('h', { requestId: 'r', status: 'accepted' });
    expect(results).toEqual(['refused BUSY', 'accepted']);
  });
});
