import type { KeyObject } from 'node:crypto';
import { canonicalJson, messageOf } from '@tapwatt/firmware-contracts';
import { type Block, type BlockTransaction, blockHash, isSignedBlock, transactionsOf } from './block.ts';
import { readBlock } from './block-codec.ts';
import { compareRow, compareRows } from './compare-rows.ts';
import { type Finding, findingOf, found } from './finding.ts';
import { Group } from './group.ts';
import { type Head, NO_HEAD } from './head.ts';
import { authenticatedCall } from './orders.ts';
import { overlayReader, type StateReader } from './overlay.ts';
import type { Pace } from './pace.ts';
import { blockRow, kindRange, txRow } from './rows.ts';
import type { LedgerRules } from './rules.ts';
import type { Storage, StorageView } from './storage.ts';
import { type Call, type Execution, executeTransaction } from './transaction.ts';

export interface VerifierParts {
  /** Empty; the replay's own state goes there. */
  readonly scratch: Storage;
  readonly rules: LedgerRules;
  readonly publicKey: KeyObject;
  readonly ledgerId: string;
  readonly pace: Pace;
}

export interface AdvanceOptions {
  readonly onProgress?: ((blocks: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Compares the rows that the new blocks wrote; for steps of few blocks. */
  readonly compareWritten?: boolean;
}

/** Checks what links a block to the one before and to the ledger's key. Throws `DamageFound`. */
export const checkLink = (
  block: Block | undefined,
  { previous, ledgerId, publicKey }: { previous: Head; ledgerId: string; publicKey: KeyObject },
): Block => {
  const number = previous.number + 1;
  if (block === undefined) throw found({ block: number, problem: 'The block is missing.' });
  if (block.header.ledgerId !== ledgerId) {
    throw found({ block: number, problem: `The block is of ledger ${block.header.ledgerId}.` });
  }
  if (block.header.prevHash !== previous.hash) {
    throw found({ block: number, problem: 'The block does not name the hash of the block before it.' });
  }
  if (!isSignedBlock(block, publicKey)) {
    throw found({ block: number, problem: 'The signature is not that of the ledger’s key.' });
  }
  return block;
};

/**
 * Replays a ledger's blocks with the rules over a storage of its own, and compares what it arrives at: block by block
 * as far as it is asked, and the whole state at the end (invariant I7 of DESIGN.md).
 */
export class LedgerVerifier {
  readonly #parts: VerifierParts;
  #tip: Head = NO_HEAD;

  constructor(parts: VerifierParts) {
    this.#parts = parts;
  }

  get blocks(): number {
    return this.#tip.number + 1;
  }

  /** Replays up to `head`. Gives the first difference found. */
  advance(view: StorageView, head: Head, options: AdvanceOptions = {}): Promise<Finding | undefined> {
    return findingOf(() => this.#advance(view, head, options));
  }

  /** Compares the head, every row of the state, its history and the transactions' indexes. */
  compareAll(view: StorageView, head: Head): Promise<Finding | undefined> {
    return findingOf(async () => {
      const { transactions, stateKeys, hash } = this.#tip;
      if (head.hash !== hash)
        throw found({ row: 'm!head', problem: 'The head does not name the newest block.' });
      if (head.transactions !== transactions || head.stateKeys !== stateKeys) {
        throw found({
          row: 'm!head',
          problem: 'The head counts other transactions or keys than the blocks hold.',
        });
      }
      const after = { gte: blockRow(head.number + 1), lt: kindRange('b').lt, limit: 1 };
      for await (const [row] of view.range(after)) {
        throw found({ row, problem: 'The block lies beyond the head.' });
      }
      for (const kind of ['s', 'h', 't', 'i'] as const) {
        await compareRows(view, this.#parts.scratch, {
          ...kindRange(kind),
          pace: this.#parts.pace,
        });
      }
    });
  }

  /** Removes the scratch storage. */
  close(): Promise<void> {
    return this.#parts.scratch.close();
  }

  async #advance(view: StorageView, head: Head, options: AdvanceOptions): Promise<void> {
    const written = new Set<string>();
    while (this.#tip.number < head.number) {
      options.signal?.throwIfAborted();
      const group = await this.#replay(
        checkLink(readBlock(view, this.blocks), { ...this.#parts, previous: this.#tip }),
      );
      if (options.compareWritten === true) for (const { key } of group.rows()) written.add(key);
      options.onProgress?.(this.blocks);
      await this.#parts.pace.breathe();
    }
    for (const row of written) compareRow(row, view.get(row), this.#parts.scratch.get(row));
  }

  async #replay(block: Block): Promise<Group> {
    const { scratch } = this.#parts;
    const group = new Group(block.header.number);
    const reader = overlayReader(() => [group], scratch);
    for (const transaction of transactionsOf(block)) await this.#replayOne(transaction, group, reader);
    if (group.count === 0) throw found({ block: group.number, problem: 'The block is empty.' });
    if (group.writesHash !== block.header.writesHash) {
      throw found({ block: group.number, problem: 'The rules write something else than what was signed.' });
    }
    await scratch.commit([...group.rows()], { sync: false });
    this.#tip = group.headAfter(this.#tip, blockHash(block.header));
    return group;
  }

  async #replayOne(transaction: BlockTransaction, group: Group, reader: StateReader): Promise<void> {
    const { rules, scratch, pace } = this.#parts;
    const at = { block: group.number, txId: transaction.txId };
    if (group.outcomes.has(at.txId) || scratch.get(txRow(at.txId)) !== undefined) {
      throw found({ ...at, problem: 'The transaction id was used before.' });
    }
    const execution = await replayTransaction(transaction, {
      reader,
      rules,
      pace,
      version: group.nextVersion,
    });
    if (execution.outcome !== 'executed') {
      throw found({ ...at, problem: `The rules refuse the transaction: ${messageOf(execution.error)}` });
    }
    if (execution.executed.recordJson !== canonicalJson(transaction)) {
      throw found({ ...at, problem: 'The rules give another result or event than the block holds.' });
    }
    group.add(execution.executed, rules.historyKept);
  }
}

const replayTransaction = async (
  transaction: BlockTransaction,
  state: Parameters<typeof executeTransaction>[1],
): Promise<Execution> => {
  try {
    return await executeTransaction(await callOf(transaction, state), state);
  } catch (error) {
    return { outcome: 'failed', error };
  }
};

const callOf = async (
  { txId, submitter, name, request, jws }: BlockTransaction,
  state: { reader: StateReader; rules: LedgerRules },
): Promise<Call> => {
  if (jws !== undefined) {
    const call = await authenticatedCall(jws, state);
    if (call.txId !== txId) throw new Error('the transaction id is not that of the order');
    return call;
  }
  if (submitter === undefined || name === undefined) throw new Error('it has neither submitter nor order');
  return { txId, submitter, name, requestJson: canonicalJson(request) };
};
