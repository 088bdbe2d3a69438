import { randomBytes } from 'node:crypto';
import { messageOf } from '@tapwatt/firmware-contracts';
import type { LoadOnFabric } from '@tapwatt/gateway';
import type { Say } from '../bench-town.ts';
import { type Percentiles, percentiles, round } from '../load-protocol.ts';

const AGENTS = 100;
const ROUNDS = 5;

export interface AgentsReport {
  readonly agents: number;
  readonly rounds: number;
  readonly issued: number;
  /** Calls that ended in anything but a voucher. */
  readonly failed: number;
  /** Transactions that Fabric invalidated and the adapter endorsed again, unseen. */
  readonly endorsedAgain: number;
  readonly issuedAfter: Percentiles;
  readonly perSecond: number;
}

/**
 * 100 agents of one agency, each of whom issues a voucher at the same moment in a transaction of its own: the worst case, since a
 * gateway puts them into one.
 */
export async function benchAgents({ load, ledgers }: LoadOnFabric, say: Say): Promise<AgentsReport> {
  const vouchers = AGENTS * ROUNDS;
  say(`registering ${AGENTS} agents with wallets and ${vouchers} meters …`);
  await load.prepare({ as: ({ partyId }) => ledgers[partyId] }, vouchers, AGENTS);
  const proposals = load.proposals(vouchers);
  const before = ledgers.gateway.figures().conflicts;
  const latencies: number[] = [];
  let failed = 0;
  const beganMs = performance.now();
  for (let n = 1; n <= ROUNDS; n += 1) {
    await Promise.all(
      proposals.slice((n - 1) * AGENTS, n * AGENTS).map(async (item) => {
        const sentMs = performance.now();
        const txId = randomBytes(16).toString('hex');
        const done = await ledgers.gateway
          .submit('IssueVouchers', { items: [item] }, { txId })
          .catch(saying(say));
        if (done?.result.items[0]?.ok === true) latencies.push(performance.now() - sentMs);
        else failed += 1;
      }),
    );
    say(`round ${n}: ${latencies.length} issued, ${failed} failed`);
  }
  return {
    ...{ agents: AGENTS, rounds: ROUNDS, issued: latencies.length, failed },
    endorsedAgain: ledgers.gateway.figures().conflicts - before,
    issuedAfter: percentiles(latencies),
    perSecond: round((latencies.length * 1000) / (performance.now() - beganMs)),
  };
}

const saying =
  (say: Say) =>
  (error: unknown): undefined =>
    void say(`a call failed: ${messageOf(error)}`);
