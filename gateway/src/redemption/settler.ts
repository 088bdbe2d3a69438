import type { SettlementResult } from '@tapwatt/chaincode';
import { bytesToHex } from '@tapwatt/firmware-contracts';
import type { Clock, Random } from '../edges/edges.ts';
import { type BatchLimits, createBatcher } from '../ledger/batching.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { submitSurely } from '../ledger/submit-surely.ts';

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
    readonly limits: BatchLimits;
    readonly onSettled?: (result: SettlementResult) => void;
  },
): Settler {
  const batcher = createBatcher<Uint8Array, Settlement>(edges.limits, edges.clock, async (receipts) => {
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
