import type { SettlementResult } from '@tapwatt/chaincode';
import { bytesToHex } from '@tapwatt/firmware-contracts';
import type { Clock, Random } from '../edges/edges.ts';
import { createBatcher } from '../ledger/batching.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { submitSurely } from '../ledger/submit-surely.ts';

/** Receipts of one SettleReceipts; more would hold up the event loop and the other transactions. */
const MAX_RECEIPTS = 64;
/** Receipts that wait while the ledger is away; a dropped one is shown again by its meter. */
const MAX_QUEUED = 20_000;
/** Company is worth this wait: a block costs as much as ten receipts, and nobody waits for `settled` as for `on-meter`. */
const LINGER_MS = 25;

export interface Settlement {
  readonly txId: string;
  readonly result: SettlementResult;
}

/** Takes authentic receipts to the ledger, many in one transaction. */
export interface Settler {
  /** Rejects with BUSY, or with the ledger's error once the gateway stops. */
  settle(receipt: Uint8Array): Promise<Settlement>;
  readonly queued: number;
  idle(): Promise<void>;
}

export function createSettler(
  ledger: Ledger,
  edges: {
    readonly clock: Clock;
    readonly random: Random;
    readonly signal: AbortSignal;
    readonly onSettled?: (result: SettlementResult) => void;
  },
): Settler {
  const limits = { maxItems: MAX_RECEIPTS, maxQueued: MAX_QUEUED, maxInFlight: 2, lingerMs: LINGER_MS };
  const batcher = createBatcher<Uint8Array, Settlement>(limits, edges.clock, async (receipts) => {
    const request = { items: receipts.map((receipt) => ({ receipt: bytesToHex(receipt) })) };
    const committed = await submitSurely(ledger, { name: 'SettleReceipts', request }, edges);
    for (const result of committed.result.items) edges.onSettled?.(result);
    // A receipt that comes again was settled by an earlier transaction: that one is what everybody is told.
    return committed.result.items.map((result) => ({ txId: result.settledTxId ?? committed.txId, result }));
  });
  return {
    settle: (receipt) => batcher.add(receipt),
    get queued() {
      return batcher.queued;
    },
    idle: () => batcher.idle(),
  };
}
