import { publicKeyFromRaw } from '@tapwatt/firmware-contracts';
import { type Block, blockHash, isSignedBlock, NO_HASH } from './block.ts';
import { decodeBlock } from './block-codec.ts';
import type { Head, Meta } from './head.ts';
import type { EmbeddedLimits } from './limits.ts';
import { blockRow } from './rows.ts';
import type { StorageView } from './storage.ts';
import { damaged } from './storage-error.ts';

/** Checks a block against the hash by which its successor, or the head, names it; gives what it names itself. */
const checkBlock = (block: Block, expectedHash: string): string => {
  const { number, prevHash } = block.header;
  if (blockHash(block.header) !== expectedHash)
    throw damaged(`Block ${number} is not the one that the chain names.`);
  if (number === 0 && prevHash !== NO_HASH) throw damaged('Block 0 names a block before it.');
  return prevHash;
};

/**
 * Checks the newest blocks of a ledger: a database that lost records from the middle of its log has a gap there.
 * Throws `StorageError` DATA_DAMAGED.
 */
export const checkTail = (
  view: StorageView,
  { meta, head, limits }: { meta: Meta; head: Head; limits: EmbeddedLimits },
): void => {
  let expectedHash = head.hash;
  let bytesLeft = limits.openCheckBytes;
  const last = Math.max(0, head.number - limits.openCheckBlocks + 1);
  for (let number = head.number; number >= last && bytesLeft > 0; number--) {
    const bytes = view.getBytes(blockRow(number));
    if (bytes === undefined)
      throw damaged(`Block ${number} is missing, though the head is block ${head.number}.`);
    const block = decodeBlock(bytes, number);
    expectedHash = checkBlock(block, expectedHash);
    bytesLeft -= bytes.length;
    if (number === head.number && !isSignedBlock(block, publicKeyFromRaw(meta.publicKey))) {
      throw damaged(`Block ${number} is not signed by the ledger's key.`);
    }
  }
  if (view.getBytes(blockRow(head.number + 1)) !== undefined) {
    throw damaged(`There is a block ${head.number + 1}, though the head is block ${head.number}.`);
  }
};
