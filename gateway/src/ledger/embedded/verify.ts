import { publicKeyFromRaw } from '@tapwatt/firmware-contracts';
import { blockHash } from './block.ts';
import { readBlock } from './block-codec.ts';
import { type Finding, findingOf, found } from './finding.ts';
import { type Head, type Meta, NO_HEAD } from './head.ts';
import type { Pace } from './pace.ts';
import { HEAD_ROW } from './rows.ts';
import type { LedgerRules } from './rules.ts';
import type { Storage, StorageView } from './storage.ts';
import { checkLink, LedgerVerifier } from './verifier.ts';

export interface VerifyProgress {
  readonly phase: 'chain' | 'replay' | 'state';
  readonly block: number;
  readonly ofBlocks: number;
}

export interface VerifyOptions {
  readonly onProgress?: (progress: VerifyProgress) => void;
  readonly signal?: AbortSignal;
  /** Checks only hashes, numbers and signatures, from this block on, and replays nothing. */
  readonly chainFrom?: number;
}

export interface VerifyResult {
  readonly ok: boolean;
  readonly ledgerId: string;
  /** Blocks that the head counts, and how many of them were found good. */
  readonly blocks: number;
  readonly checkedBlocks: number;
  readonly headHash: string;
  /** The first thing that is wrong. */
  readonly finding?: Finding;
}

export interface VerifyParts {
  readonly view: StorageView;
  readonly meta: Meta;
  readonly head: Head;
  readonly rules: LedgerRules;
  readonly pace: Pace;
  readonly scratch: () => Promise<Storage>;
}

interface Outcome {
  readonly checkedBlocks: number;
  readonly finding: Finding | undefined;
}

const replayAll = async (parts: VerifyParts, { onProgress, signal }: VerifyOptions): Promise<Outcome> => {
  const { view, meta, head, rules, pace } = parts;
  const { ledgerId } = meta;
  const scratch = await parts.scratch();
  const publicKey = publicKeyFromRaw(meta.publicKey);
  const verifier = new LedgerVerifier({ scratch, rules, publicKey, ledgerId, pace });
  const ofBlocks = head.number + 1;
  try {
    const progress = (block: number): void => onProgress?.({ phase: 'replay', block, ofBlocks });
    const replayed = await verifier.advance(view, head, { onProgress: progress, signal });
    onProgress?.({ phase: 'state', block: verifier.blocks, ofBlocks });
    const finding = replayed ?? (await verifier.compareAll(view, head));
    return { checkedBlocks: verifier.blocks, finding };
  } finally {
    await verifier.close();
  }
};

const headBefore = (view: StorageView, from: number): Head => {
  const block = from > 0 ? readBlock(view, from - 1) : undefined;
  return block === undefined ? NO_HEAD : { ...NO_HEAD, number: from - 1, hash: blockHash(block.header) };
};

const chainOnly = async (
  { view, meta, head, pace }: VerifyParts,
  { from, onProgress, signal }: VerifyOptions & { from: number },
): Promise<Outcome> => {
  const { ledgerId } = meta;
  const publicKey = publicKeyFromRaw(meta.publicKey);
  let checkedBlocks = 0;
  const finding = await findingOf(async () => {
    let previous = headBefore(view, from);
    while (previous.number < head.number) {
      signal?.throwIfAborted();
      const { header } = checkLink(readBlock(view, previous.number + 1), { previous, ledgerId, publicKey });
      previous = { ...previous, number: header.number, hash: blockHash(header) };
      checkedBlocks += 1;
      onProgress?.({ phase: 'chain', block: previous.number + 1, ofBlocks: head.number + 1 });
      await pace.breathe();
    }
    if (previous.hash !== head.hash) {
      throw found({ row: HEAD_ROW, problem: 'The head does not name the newest block.' });
    }
  });
  return { checkedBlocks, finding };
};

/**
 * Recomputes a ledger's chain and replays every transaction over a fresh storage beside the data, then compares the
 * whole state (DESIGN.md, "The ledger"; invariant I7). Reports the first difference; throws `StorageError` if the
 * disk fails, and the signal's reason.
 */
export const verifyLedger = async (
  parts: VerifyParts,
  options: VerifyOptions = {},
): Promise<VerifyResult> => {
  const { chainFrom } = options;
  const { checkedBlocks, finding } = await (chainFrom === undefined
    ? replayAll(parts, options)
    : chainOnly(parts, { ...options, from: chainFrom }));
  const { meta, head } = parts;
  const result = { ledgerId: meta.ledgerId, blocks: head.number + 1, checkedBlocks, headHash: head.hash };
  return finding === undefined ? { ok: true, ...result } : { ok: false, ...result, finding };
};
