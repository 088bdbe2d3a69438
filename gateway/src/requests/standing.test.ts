import { generateKeyPairSync } from 'node:crypto';
import type { PartyRecord, QueryResult } from '@tapwatt/chaincode';
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
  const standingOf = createStandings({ ledger: { evaluate } as unknown as Ledger, clock });
  return { clock, standingOf };
}

describe('what the ledger knows of a request', () => {
  it('is asked for once', async () => {
    const { standingOf } = standings(async () => answer);
    expect(await standingOf(asked)).toEqual({
      handset: expect.objectContaining({ agentId: 'a' }),
      voucher: null,
    });
  });

  it('is the remembered registration alone while the ledger is away, and nothing for a handset never seen', async () => {
    const away = () => Promise.reject(new LedgerUnavailable('away'));
    const { standingOf } = standings(away, async () => answer, away);
    await expect(standingOf(asked)).rejects.toThrow('away');
    await standingOf(asked);
    expect(await standingOf(asked)).toEqual({ handset: expect.objectContaining({ agentId: 'a' }) });
  });

  it('tells a voucher that it does not have from one that it was not asked about', async () => {
    const { standingOf } = standings(async () => answer);
    const { voucherId: _, ...other } = asked;
    expect(await standingOf(other)).not.toHaveProperty('voucher');
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

  it('refuses whoever is no handset, remembered or not', async () => {
    const { standingOf } = standings(
      async () => answer,
      async () => ({ ...answer, party: null }),
    );
    await standingOf(asked);
    await expect(standingOf(asked)).rejects.toMatchObject({ code: 'PARTY_UNKNOWN' });
  });
});
