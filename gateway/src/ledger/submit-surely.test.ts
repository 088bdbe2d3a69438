import { describe, expect, it } from 'vitest';
import { createManualClock } from '../edges/manual-clock.ts';
import { LedgerRejected, LedgerUnavailable, OutcomeUnknown } from './errors.ts';
import type { Committed, Ledger } from './ledger.ts';
import { submitSurely } from './submit-surely.ts';

const transaction = { name: 'FreezeWallet', request: { walletId: 'w', frozen: true } } as const;
const committed = { blockNumber: 1, result: { walletId: 'w', frozen: true } };

/** A ledger that answers with these, one after another, and remembers the transaction ids. */
function scripted(...answers: readonly ('ok' | ((txId: string) => Error))[]) {
  const txIds: string[] = [];
  const ledger = {
    async submit(_name: string, _request: unknown, options: { txId: string }): Promise<Committed<unknown>> {
      txIds.push(options.txId);
      const answer = answers[Math.min(txIds.length, answers.length) - 1] ?? 'ok';
      if (answer === 'ok') return { ...committed, txId: options.txId };
      throw answer(options.txId);
    },
  } as unknown as Ledger;
  return { ledger, txIds };
}

const edges = (signal = new AbortController().signal) => {
  const clock = createManualClock();
  let n = 0;
  return { clock, signal, random: { bytes: (length: number) => new Uint8Array(length).fill(++n) } };
};

describe('submitting until the outcome is known', () => {
  it('asks again under the same transaction id when the outcome is unknown or the ledger is away', async () => {
    const { ledger, txIds } = scripted(
      (txId) => new OutcomeUnknown(txId),
      () => new LedgerUnavailable('away'),
      'ok',
    );
    const ports = edges();
    const done = submitSurely(ledger, transaction, ports);
    await new Promise((resolve) => setImmediate(resolve));
    await ports.clock.advance(60_000);
    expect((await done).result).toEqual(committed.result);
    expect(new Set(txIds).size).toBe(1);
    expect(txIds).toHaveLength(3);
  });

  it('never repeats what the rules refused', async () => {
    const { ledger, txIds } = scripted(() => new LedgerRejected('WALLET_UNKNOWN'));
    await expect(submitSurely(ledger, transaction, edges())).rejects.toMatchObject({
      code: 'WALLET_UNKNOWN',
    });
    expect(txIds).toHaveLength(1);
  });

  it('gives the last error when it may not go on', async () => {
    const { ledger } = scripted((txId) => new OutcomeUnknown(txId));
    const stopped = AbortSignal.abort();
    await expect(submitSurely(ledger, transaction, edges(stopped))).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
    });
    await expect(submitSurely(ledger, transaction, { ...edges(), maxAttempts: 1 })).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
    });
  });
});
