import type { VoucherRecord } from '@tapwatt/chaincode';
import type { ErrorCode } from '@tapwatt/firmware-contracts';
import { expect, it } from 'vitest';
import type { Ledger } from '../ledger/ledger.ts';
import { createTeller } from './tell-watchers.ts';
import type { Progress, Watcher } from './types.ts';

const A = 'a'.repeat(32);

/** What a watcher hears of a refusal while the ledger knows this of the voucher; `away`: it cannot be asked. */
async function heard(
  code: ErrorCode,
  known: VoucherRecord['status'] | 'unknown' | 'away',
  asks: Watcher['asks'] = 'credit',
): Promise<Progress | undefined> {
  const told = Promise.withResolvers<Progress>();
  const record = { voucherId: A, status: known, settledTxId: 't1' } as VoucherRecord;
  const evaluate = async () => {
    if (known === 'away') throw new Error('away');
    return known === 'unknown' ? null : record;
  };
  const tell = createTeller({ evaluate } as unknown as Ledger, (_watcher, progress) =>
    told.resolve(progress),
  );
  tell({ handsetId: 'shop', requestId: 'r1', asks }, { status: 'refused', voucherId: A, code });
  return told.promise;
}

it.each(['BAD_EPOCH', 'OUT_OF_WINDOW', 'CLOSED'] as const)(
  'a voucher that its meter has forgotten (%s) is told to be what the ledger says it is',
  async (code) => {
    expect(await heard(code, 'REDEEMED')).toEqual({ status: 'settled', voucherId: A, txId: 't1' });
    expect(await heard(code, 'REDEEMED', 'void')).toMatchObject({ status: 'redeemed' });
    expect(await heard(code, 'VOIDED')).toMatchObject({ status: 'voided' });
    expect(await heard(code, 'ISSUED')).toMatchObject({ status: 'pending', code });
    expect(await heard(code, 'unknown')).toMatchObject({ status: 'refused', code });
  },
);

it('it is pending while the ledger cannot be asked', async () => {
  expect(await heard('BAD_EPOCH', 'away')).toMatchObject({ status: 'pending', code: 'BAD_EPOCH' });
});

it('what a meter refuses knowingly is refused', async () => {
  expect(await heard('CONFLICT', 'REDEEMED')).toMatchObject({ status: 'refused', code: 'CONFLICT' });
});
