import { randomBytes } from 'node:crypto';
import {
  createSettler,
  FABRIC_BATCHES,
  type FabricNetworkUnderTest,
  type LoadOnFabric,
} from '@tapwatt/gateway';
import type { Say } from '../bench-town.ts';
import { type Percentiles, percentiles, round } from '../load-protocol.ts';
import { cpuSeconds } from '../process-figures.ts';
import { median } from './median.ts';

const ROUNDS = 3;
/** One voucher of each is settled in a batched round, so that every receipt brings a meter's record of its own along. */
const METERS = 1_600;
/** Redemptions of a naive round, each at another meter too: two of one would be in each other's way. */
const NAIVE = 500;
const NAIVE_IN_FLIGHT = 64;
/** Receipts that wait at a time: as many as are under way in full batches. */
const BATCHED_IN_FLIGHT = FABRIC_BATCHES.settle.maxItems * FABRIC_BATCHES.settle.maxInFlight;
const ISSUE_BATCH = 200;

interface Round {
  readonly perSecond: number;
  /** From the receipt to its settlement. */
  readonly settled: Percentiles;
  /** Of all processes of the network and of this one, per redemption. */
  readonly cpuMs: number;
}

export interface SettlementReport {
  readonly rounds: number;
  readonly inFlight: { readonly naive: number; readonly batched: number };
  /** Medians of the rounds. */
  readonly naive: Round;
  readonly batched: Round;
  /** Batched over naive, of each pair of rounds: settled redemptions/s; and naive over batched, CPU. */
  readonly ratio: number;
  readonly ratios: readonly number[];
  readonly cpuRatio: number;
  /** The gateway's p99 to settled over the naive run's. */
  readonly p99Ratio: number;
}

type Receipt = { readonly receipt: string };

/**
 * Receipts settled through the gateway's batches, against one transaction for each, in turn on the same network. The naive
 * run has its own best: one transaction is as small as it can be, and so many are under way that the processors are the limit.
 */
export async function benchSettlement(
  { load, ledgers }: LoadOnFabric,
  network: FabricNetworkUnderTest,
  say: Say,
): Promise<SettlementReport> {
  say(`registering ${METERS} meters …`);
  await load.prepare({ as: ({ partyId }) => ledgers[partyId] }, METERS);
  const ledger = ledgers.gateway;

  const issued = async (count: number): Promise<readonly Receipt[]> => {
    const proposals = load.proposals(count);
    for (let n = 0; n < count; n += ISSUE_BATCH) {
      const items = proposals.slice(n, n + ISSUE_BATCH);
      const { result } = await ledger.submit('IssueVouchers', { items });
      if (!result.items.every(({ ok }) => ok)) throw new Error('A voucher was not issued.');
    }
    return load.receipts(proposals);
  };

  const naive = async (): Promise<Round> => {
    const receipts = await issued(NAIVE);
    return measured(network, receipts, NAIVE_IN_FLIGHT, async (item) => {
      const txId = randomBytes(16).toString('hex');
      const { result } = await ledger.submit('SettleReceipts', { items: [item] }, { txId });
      return result.items[0]?.outcome;
    });
  };

  const batched = async (): Promise<Round> => {
    const receipts = await issued(METERS);
    const stopping = new AbortController();
    const settler = createSettler(ledger, {
      clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now(), after: timer },
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      signal: stopping.signal,
      limits: FABRIC_BATCHES.settle,
    });
    return measured(network, receipts, BATCHED_IN_FLIGHT, async ({ receipt }) => {
      const { result } = await settler.settle(new Uint8Array(Buffer.from(receipt, 'hex')));
      return result.outcome;
    });
  };

  const rounds: { readonly naive: Round; readonly batched: Round }[] = [];
  for (let n = 1; n <= ROUNDS; n += 1) {
    const pair = { naive: await naive(), batched: await batched() };
    rounds.push(pair);
    say(`round ${n}: naive ${pair.naive.perSecond}/s, batched ${pair.batched.perSecond}/s`);
  }
  return reportOf(rounds);
}

function timer(delayMs: number, run: () => void): () => void {
  const handle = setTimeout(run, delayMs);
  return () => clearTimeout(handle);
}

async function measured(
  network: FabricNetworkUnderTest,
  receipts: readonly Receipt[],
  inFlight: number,
  settle: (receipt: Receipt) => Promise<string | undefined>,
): Promise<Round> {
  const pids = [process.pid, ...(await network.pids())];
  const cpu = async () => (await Promise.all(pids.map(cpuSeconds))).reduce((sum, one) => sum + one, 0);
  const latencies: number[] = [];
  const left = receipts.values();
  const [cpuBefore, beganMs] = [await cpu(), performance.now()];
  const lane = async () => {
    for (const receipt of left) {
      const sentMs = performance.now();
      const outcome = await settle(receipt);
      if (outcome !== 'redeemed') throw new Error(`A receipt was not settled: ${outcome}.`);
      latencies.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (performance.now() - beganMs) / 1000;
  const used = (await cpu()) - cpuBefore;
  return {
    perSecond: round(receipts.length / seconds),
    settled: percentiles(latencies),
    cpuMs: round((used * 1000) / receipts.length),
  };
}

function reportOf(rounds: readonly { readonly naive: Round; readonly batched: Round }[]): SettlementReport {
  const middle = (of: 'naive' | 'batched'): Round => {
    const all = rounds.map((pair) => pair[of]);
    const at = (figure: (one: Round) => number) => median(all.map(figure));
    return {
      perSecond: at((one) => one.perSecond),
      settled: {
        p50Ms: at((one) => one.settled.p50Ms),
        p99Ms: at((one) => one.settled.p99Ms),
        maxMs: at((one) => one.settled.maxMs),
      },
      cpuMs: at((one) => one.cpuMs),
    };
  };
  const ratios = rounds.map(({ naive, batched }) => round(batched.perSecond / naive.perSecond));
  return {
    rounds: rounds.length,
    inFlight: { naive: NAIVE_IN_FLIGHT, batched: BATCHED_IN_FLIGHT },
    naive: middle('naive'),
    batched: middle('batched'),
    ...{ ratio: median(ratios), ratios },
    cpuRatio: round(median(rounds.map(({ naive, batched }) => naive.cpuMs / batched.cpuMs))),
    p99Ratio: round(median(rounds.map(({ naive, batched }) => batched.settled.p99Ms / naive.settled.p99Ms))),
  };
}
