import type { VoucherLife } from '../protocol/queries.ts';
import type { VoucherRecord } from '../protocol/records.ts';
import { KEY } from '../state/keys.ts';
import type { QueryState } from '../state/ports.ts';

/** Every committed state of a voucher, oldest first, with the transactions that made them; `null` if it was never issued. */
export async function lifeOf(state: QueryState, voucherId: string): Promise<VoucherLife | null> {
  const steps: VoucherLife['steps'][number][] = [];
  for await (const { value, ...at } of state.history(KEY.voucher(voucherId))) {
    const record = JSON.parse(value) as VoucherRecord;
    steps.push({ ...at, status: record.status, record });
  }
  return steps.length === 0 ? null : { voucherId, steps };
}
