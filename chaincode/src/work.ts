import type { Submitter, TransactionContext } from './context.ts';
import type { Alarm } from './protocol/events.ts';
import { Draft } from './state/draft.ts';

/** One transaction in the making: what it reads and writes, who submits it, and what somebody should be told. */
export interface Work {
  readonly draft: Draft;
  readonly txId: string;
  readonly submitter: Submitter;
  readonly alarms: Alarm[];
}

export const startWork = ({ state, txId, submitter }: TransactionContext): Work => ({
  draft: Draft.over(state),
  txId,
  submitter,
  alarms: [],
});

/** Does a part of the work that leaves no trace if it throws. */
export async function apart<R>(work: Work, part: (branch: Work) => Promise<R>): Promise<R> {
  const branch: Work = { ...work, draft: work.draft.branch(), alarms: [] };
  const result = await part(branch);
  work.draft.merge(branch.draft);
  work.alarms.push(...branch.alarms);
  return result;
}
