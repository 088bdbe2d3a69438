import type { IssueItem, IssueItemResult } from '@tapwatt/chaincode';
import type { Clock, Random } from '../edges/edges.ts';
import type { Issuer } from '../issuer/issuer.ts';
import { type Batcher, type BatchLimits, createBatcher } from '../ledger/batching.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { submitSurely } from '../ledger/submit-surely.ts';

/** Another gateway may take a meter's next seq first; after so many times the agent is asked to come again. */
const MAX_PROPOSALS = 5;
/** Before the outcome is left to the handset's next try. */
const MAX_ATTEMPTS = 6;

/** An agent's signed wish for a voucher. */
export interface IssueWish {
  readonly jws: string;
  readonly meterId: string;
  readonly payloadHash: Uint8Array;
}

/** Turns wishes into committed vouchers: proposes each meter's next seq with its commitments, asks again if it was taken. */
export type Issuance = Batcher<IssueWish, IssueItemResult>;

export function createIssuance(ports: {
  readonly ledger: Ledger;
  readonly issuer: Issuer;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly limits: BatchLimits;
}): Issuance {
  const { ledger, issuer, clock } = ports;

  async function nextOf(wishes: readonly IssueWish[]) {
    const meterIds = [...new Set(wishes.map(({ meterId }) => meterId))];
    const meters = await Promise.all(meterIds.map((meterId) => ledger.evaluate('GetMeter', { meterId })));
    return new Map(
      meters.map((meter, index) => [
        meterIds[index] ?? '',
        // An unknown meter is for the rules to refuse, so that the refusal is remembered.
        { keyEpoch: meter?.keyEpoch ?? 1, seq: meter?.nextSeq ?? 1, floorSeq: meter?.floorSeq ?? 1 },
      ]),
    );
  }

  async function propose(wishes: readonly IssueWish[]): Promise<IssueItem[]> {
    const next = await nextOf(wishes);
    const issuedAt = Math.floor(clock.nowMs() / 1000);
    const items = wishes.map(async ({ jws, meterId, payloadHash }): Promise<IssueItem> => {
      const at = next.get(meterId) ?? { keyEpoch: 1, seq: 1, floorSeq: 1 };
      next.set(meterId, { ...at, seq: at.seq + 1 });
      const { keyEpoch, seq } = at;
      const commitments = await issuer.commitments({ meterId, keyEpoch, seq, payloadHash });
      return { jws, ...at, ...commitments, issuedAt };
    });
    return Promise.all(items);
  }

  return createBatcher<IssueWish, IssueItemResult>(ports.limits, clock, async (wishes) => {
    const results: IssueItemResult[] = [];
    let left = wishes.map((wish, index) => ({ wish, index }));
    for (let proposal = 1; left.length > 0; proposal += 1) {
      const items = await propose(left.map(({ wish }) => wish));
      const transaction = { name: 'IssueVouchers', request: { items } } as const;
      const { result } = await submitSurely(ledger, transaction, { ...ports, maxAttempts: MAX_ATTEMPTS });
      left = left.filter(({ index }, position) => {
        const item = result.items[position];
        if (item === undefined) return false;
        results[index] = item;
        return !item.ok && item.code === 'SEQ_NOT_NEXT' && proposal < MAX_PROPOSALS;
      });
    }
    return results;
  });
}
