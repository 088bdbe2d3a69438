import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../edges/manual-clock.ts';
import { createBriefQueries } from './brief-queries.ts';
import type { Invocation } from './channel.ts';

const REST_MS = 10;
const WAITING = 20;
const query = (n: number) => ({ name: 'GetMeter', text: `{"meterId":"${n}"}` }) as const;
const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** A peer that answers when the test lets it: each query with the number that it asks for. */
function peer() {
  const calls: { readonly invocation: Invocation; answer(): void; fail(error: Error): void }[] = [];
  const evaluate = (invocation: Invocation) =>
    new Promise<Uint8Array>((resolve, reject) => {
      const asked: unknown = JSON.parse(invocation.args[0] ?? '');
      const numberOf = (request: unknown) => Number((request as { meterId: string }).meterId);
      const one = (request: unknown) =>
        numberOf(request) === 13
          ? { error: 'BAD_REQUEST: {"details":{},"message":"thirteen"}' }
          : { result: numberOf(request) };
      const answer = Array.isArray(asked)
        ? () => resolve(bytes(asked.map(([, request]) => one(request))))
        : () => resolve(bytes(numberOf(asked)));
      calls.push({ invocation, answer, fail: reject });
    });
  const clock = createManualClock();
  return { calls, clock, brief: createBriefQueries({ evaluate, clock, waiting: WAITING }) };
}

describe('brief queries', () => {
  it('go at once and alone when none went just before', async () => {
    const { calls, brief } = peer();
    const answer = brief.ask(query(7));
    expect(calls.map(({ invocation }) => invocation)).toEqual([
      { name: 'GetMeter', args: ['{"meterId":"7"}'] },
    ]);
    calls[0]?.answer();
    expect(await answer).toBe(7);
  });

  it('go together when many come soon after another, each with its own answer, a refused one alone', async () => {
    const { calls, clock, brief } = peer();
    const answers = Array.from({ length: 20 }, (_, n) => brief.ask(query(n)).catch((error) => error));
    await clock.advance(REST_MS - 1);
    expect(calls.map(({ invocation }) => invocation.name)).toEqual(['GetMeter']);
    await clock.advance(1);
    expect(calls.map(({ invocation }) => invocation.name)).toEqual(['GetMeter', 'AskMany']);
    for (const call of calls) call.answer();
    const answered = await Promise.all(answers);
    expect(answered.filter((_, n) => n !== 13)).toEqual(
      Array.from({ length: 20 }, (_, n) => n).filter((n) => n !== 13),
    );
    expect(answered[13]).toMatchObject({ name: 'LedgerRejected', code: 'BAD_REQUEST', message: 'thirteen' });
  });

  it('are refused with BUSY when too many wait, and unavailable when the peer is', async () => {
    const { calls, brief } = peer();
    const answers = Array.from({ length: 1 + WAITING + 1 }, (_, n) =>
      brief.ask(query(n)).catch((error) => error),
    );
    expect(await answers.at(-1)).toMatchObject({ name: 'LedgerUnavailable', code: 'BUSY' });
    calls[0]?.fail(new Error('away'));
    expect(await answers[0]).toMatchObject({ name: 'LedgerUnavailable', code: 'LEDGER_UNAVAILABLE' });
  });
});
