import { transactionsOf } from './block.ts';
import { readBlock } from './block-codec.ts';
import type { KnownOutcome } from './overlay.ts';
import { parseVersionText, txRow } from './rows.ts';
import type { StorageView } from './storage.ts';
import { damaged } from './storage-error.ts';

/** The durable outcome of a transaction id. Throws `StorageError`. */
export const storedOutcome = (view: StorageView, txId: string): KnownOutcome | undefined => {
  const row = txRow(txId);
  const text = view.get(row);
  if (text === undefined) return undefined;
  const { block: blockNumber, index } = parseVersionText(text, row);
  const block = readBlock(view, blockNumber);
  const transaction = block && transactionsOf(block)[index];
  if (transaction?.txId !== txId) throw damaged(`Transaction ${txId} is not in block ${blockNumber}.`);
  return { committed: { txId, blockNumber, result: transaction.result }, jws: transaction.jws };
};
