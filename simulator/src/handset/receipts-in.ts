import { parseJws } from '@tapwatt/firmware-contracts';
import type { Ask } from './ask.ts';

/** The receipts, lower-case hex, that outstanding requests are about to hand in. */
export const receiptsIn = (asks: Iterable<Ask>): ReadonlySet<string> => {
  const found = new Set<string>();
  for (const { request } of asks) {
    const receipts = request.op === 'receipts' ? parseJws(request.jws).payload.receipts : undefined;
    if (!Array.isArray(receipts)) continue;
    for (const receipt of receipts) if (typeof receipt === 'string') found.add(receipt);
  }
  return found;
};
