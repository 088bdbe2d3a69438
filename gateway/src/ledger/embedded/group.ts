import type { LedgerEvent } from '@tapwatt/chaincode';
import type { Committed } from '../ledger.ts';
import { type BlockHeader, type BlockSigner, blockHash, hashText, hashWrites } from './block.ts';
import { encodeBlock } from './block-codec.ts';
import type { Head } from './head.ts';
import type { EmbeddedLimits } from './limits.ts';
import type { KnownOutcome, Layer } from './overlay.ts';
import {
  blockRow,
  HEAD_ROW,
  historyRow,
  stateRow,
  txIdsRow,
  txRow,
  type Version,
  valueIn,
  versionOf,
  versionText,
} from './rows.ts';
import type { StorageWrite } from './storage.ts';
import type { Executed, Write } from './transaction.ts';

/** What waits for a group to be durable. */
export interface Waiter {
  /** The group, and all before it, is durable. */
  landed(): void;
  /** The storage failed: it is not known whether the group is durable (`written`), or it certainly is not. */
  failed(cause: unknown, written: boolean): void;
}

/** The transactions executed since the last block: the next block, while it grows. */
export class Group implements Layer {
  readonly number: number;
  readonly state = new Map<string, string>();
  readonly outcomes = new Map<string, KnownOutcome>();
  readonly waiters: Waiter[] = [];
  readonly events: LedgerEvent[] = [];
  readonly #records: string[] = [];
  readonly #writes: (readonly (readonly [string, string])[])[] = [];
  readonly #history: StorageWrite[] = [];
  #newKeys = 0;
  #bytes = 0;

  constructor(number: number) {
    this.number = number;
  }

  get count(): number {
    return this.#records.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get nextVersion(): Version {
    return { block: this.number, index: this.#records.length };
  }

  reaches(transactions: number, bytes: number): boolean {
    return this.count >= transactions || this.#bytes >= bytes;
  }

  /** Whether as many wait for it as may. */
  isAwaited(limits: EmbeddedLimits): boolean {
    return this.waiters.length >= limits.unansweredTransactions;
  }

  isFull(limits: EmbeddedLimits): boolean {
    return this.reaches(limits.groupTransactions, limits.groupBytes) || this.isAwaited(limits);
  }

  add(executed: Executed, historyKept: (key: string) => boolean): Committed<unknown> {
    const { txId, jws, result, event } = executed;
    const committed = { txId, blockNumber: this.number, result };
    this.#records.push(executed.recordJson);
    this.#bytes += executed.recordJson.length;
    this.#writes.push(executed.writes.map(({ key, value }) => [key, value]));
    for (const write of executed.writes) this.#addWrite(write, historyKept);
    this.outcomes.set(txId, { committed, jws });
    if (event !== undefined) this.events.push(eventOf(this.number, txId, event));
    return committed;
  }

  #addWrite({ key, value, raw, previous }: Write, historyKept: (key: string) => boolean): void {
    this.state.set(key, raw);
    this.#bytes += key.length + value.length;
    if (previous === undefined) this.#newKeys += 1;
    else if (historyKept(key)) {
      this.#history.push({ key: historyRow(key, versionOf(previous, key)), value: valueIn(previous) });
    }
  }

  /** Makes the block and every row that goes to disk with it. */
  seal(
    previous: Head,
    { ledgerId, signer, at }: { ledgerId: string; signer: BlockSigner; at: number },
  ): SealedGroup {
    const transactionsJson = `[${this.#records.join(',')}]`;
    const header: BlockHeader = {
      ledgerId,
      number: this.number,
      prevHash: previous.hash,
      txHash: hashText(transactionsJson),
      writesHash: this.writesHash,
      at,
    };
    const hash = blockHash(header);
    const head = this.headAfter(previous, hash);
    const block = encodeBlock({ header, signature: signer.sign(hash), transactionsJson });
    const rows = [...this.rows(), { key: blockRow(this.number), value: block }, headRowOf(head)];
    return { head, rows };
  }

  /** The head once this group is the newest block, of that hash. */
  headAfter(previous: Head, hash: string): Head {
    return {
      number: this.number,
      hash,
      transactions: previous.transactions + this.count,
      stateKeys: previous.stateKeys + this.#newKeys,
    };
  }

  /** State, history and the transactions' rows: what a replay must arrive at as well. */
  *rows(): Iterable<StorageWrite> {
    for (const [key, raw] of this.state) yield { key: stateRow(key), value: raw };
    yield* this.#history;
    yield { key: txIdsRow(this.number), value: [...this.outcomes.keys()].join(' ') };
    let index = 0;
    for (const txId of this.outcomes.keys()) {
      yield { key: txRow(txId), value: versionText({ block: this.number, index }) };
      index += 1;
    }
  }

  get writesHash(): string {
    return hashWrites(this.#writes);
  }
}

export interface SealedGroup {
  readonly head: Head;
  readonly rows: readonly StorageWrite[];
}

const headRowOf = (head: Head): StorageWrite => ({ key: HEAD_ROW, value: JSON.stringify(head) });

/** The event of a transaction as its readers get it. */
export const eventOf = (
  blockNumber: number,
  txId: string,
  event: { readonly name: string; readonly payload: unknown },
): LedgerEvent => ({ blockNumber, txId, name: event.name, payload: event.payload }) as LedgerEvent;
