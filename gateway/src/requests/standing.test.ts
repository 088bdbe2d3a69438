import { generateKeyPairSync } from 'node:crypto';
import type { PartyRecord, QueryResult, VoucherRecord } from '@tapwatt/chaincode';
import { rawPublicKey } from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../edges/manual-clock.ts';
import { LedgerUnavailable } from '../ledger/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createStandings } from './standing.ts';

const publicKey = rawPublicKey(generateKeyPairSync('ed25519').privateKey);
const party = { id: 'h', role: 'handset', agentId: 'a', publicKey, suspended: false } as PartyRecord;
const asked = { handsetId: 'h', requestId: 'r', voucherId: 'v' };
const answer = { party, request: null, voucher: null };

/** Standings of a ledger whose answers the test gives one after another. */
function standings(...answers: (() => Promise<QueryResult<'GetStanding'>>)[]) {
  const clock = createManualClock();
  const evaluate = () => (answers.shift() ?? (() => Promise.reject(new Error('asked too often'))))();
  const late: VoucherRecord[] = [];
  const ledger = { evaluate } as unknown as Ledger;
  const standingOf = createStandings({ ledger, clock, onLate: (voucher) => late.push(voucher) });
  return { clock, standingOf, late };
}

describe('what the ledger knows of a request', () => {
  it('is asked for once', async () => {
    const { standingOf } = standings(async () => answer);
    expect(await standingOf(asked)).toEqual({ handset: expect.objectContaining({ agentId: 'a' }) });
  });

  it('is the remembered registration alone while the ledger is away, and nothing for a handset never seen', async () => {
    const away = () => Promise.reject(new LedgerUnavailable('away'));
    const { standingOf } = standings(away, async () => answer, away);
    await expect(standingOf(asked)).rejects.toThrow('away');
    await standingOf(asked);
    expect((await standingOf(asked)).handset.agentId).toBe('a');
  });

  it('is not waited for long when the ledger does not answer', async () => {
    const { standingOf, clock } = standings(
      async () => answer,
      () => new Promise(() => undefined),
    );
    await standingOf(asked);
    const late = standingOf(asked);
    await clock.advance(1_000);
    expect((await late).handset.agentId).toBe('a');
  });

  it('is not waited for to redeem a voucher, and what it says late counts for the next request', async () => {
    const slow = Promise.withResolvers<QueryResult<'GetStanding'>>();
    const never = () => new Promise<never>(() => undefined);
    const { standingOf, clock, late } = standings(
      async () => answer,
      () => slow.promise,
      never,
      never,
    );
    await standingOf(asked);
    const redeeming = standingOf(asked);
    await clock.advance(10);
    expect((await redeeming).handset.suspended).toBe(false);
    const voucher = { voucherId: 'v', status: 'REDEEMED' } as VoucherRecord;
    slow.resolve({ ...answer, party: { ...party, suspended: true }, voucher });
    await slow.promise;
    expect(late).toEqual([voucher]);
    const next = standingOf(asked);
    const balance = standingOf({ handsetId: 'h', requestId: 's' });
    await clock.advance(10);
    expect((await next).handset.suspended).toBe(true);
    expect(await Promise.race([balance, 'still asking'])).toBe('still asking');
    await clock.advance(1_000);
    expect((await balance).handset.suspended).toBe(true);
  });

  it('forgets a handset that the ledger says late is none', async () => {
    const slow = Promise.withResolvers<QueryResult<'GetStanding'>>();
    const { standingOf, clock } = standings(
      async () => answer,
      () => slow.promise,
      () => Promise.reject(new LedgerUnavailable('away')),
    );
    await standingOf(asked);
    const redeeming = standingOf(asked);
    await clock.advance(10);
    await redeeming;
    slow.resolve({ ...answer, party: null });
    await slow.promise;
    await expect(standingOf(asked)).rejects.toThrow('away');
  });

  it('refuses whoever is no handset, remembered or not', async () => {
    const { standingOf } = standings(
      async () => answer,
      async () => ({ ...answer, party: null }),
    );
    await standingOf(asked);
    await expect(standingOf(asked)).rejects.toMatchObject({ code: 'PARTY_UNKNOWN' });
  });
});
