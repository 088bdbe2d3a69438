import { NotNow } from '../copies/waiting.ts';
import type { RequestRecord } from '../protocol/records.ts';
import type { IssueItem, IssueItemResult, TransactionResult } from '../protocol/transactions.ts';
import { asRejected, type Rejected } from '../rejected.ts';
import { apart, type Work } from '../work.ts';
import { type AuthenticRequest, authenticRequest, earlierAnswer } from './handset-request.ts';
import { readIssueItem } from './issue-item.ts';
import { isProposalRefused, issueOne } from './issue-one.ts';

type Issue = AuthenticRequest<'issue'>;
type Refused = Extract<IssueItemResult, { ok: false }>;

/** Issues each item on its own, one after another: a later one sees what an earlier one did, and a bad one fails alone. */
export async function issueVouchers(
  work: Work,
  items: readonly unknown[],
): Promise<TransactionResult<'IssueVouchers'>> {
  const results: IssueItemResult[] = [];
  for (const item of items) results.push(await issueItem(work, item));
  return { items: results };
}

async function issueItem(work: Work, raw: unknown): Promise<IssueItemResult> {
  const item = attempt(() => readIssueItem(raw));
  if (!item.ok) return refusal(item.error, false);
  const request = await attemptLater(() => authenticRequest(work.draft, item.value.jws, 'issue'));
  if (!request.ok) return refusal(request.error, isAboutTheBytes(request.error));
  const earlier = await attemptLater(() => earlierAnswer(work.draft, request.value));
  if (!earlier.ok) return refusal(earlier.error, true);
  if (earlier.value !== undefined) return answerAgain(earlier.value);
  return answerOnce(work, item.value, request.value);
}

/** The first answer to an authentic request. If it is a refusal, it is written down: a late duplicate must not succeed. */
async function answerOnce(work: Work, item: IssueItem, request: Issue): Promise<IssueItemResult> {
  const issued = await attemptLater(() => apart(work, (branch) => issueOne(branch, item, request)));
  if (issued.ok) return { ok: true, ...issued.value, repeated: false };
  if (isProposalRefused(issued.error)) {
    return { ...refusal(issued.error, false), ...issued.error.hint };
  }
  if (issued.error instanceof NotNow) return refusal(issued.error, false);
  const { code, message } = issued.error;
  const record: RequestRecord = {
    payloadHash: request.payloadHash,
    op: 'issue',
    txId: work.txId,
    refused: { code, message },
  };
  work.draft.put(request.key, record);
  return refusal(issued.error, true);
}

function answerAgain({ op, refused, voucherId, issued }: RequestRecord): IssueItemResult {
  if (refused !== undefined) return { ok: false, ...refused, final: true };
  if (voucherId === undefined || issued === undefined) throw new Error(`the same bytes were taken for ${op}`);
  return { ok: true, voucherId, ...issued, repeated: true };
}

const refusal = ({ code, message }: Rejected, final: boolean): Refused => ({
  ok: false,
  code,
  message,
  final,
});

/** These bytes get this answer whatever happens later; that a handset is unknown, or its key another, may change. */
const isAboutTheBytes = ({ code }: Rejected): boolean => code === 'BAD_REQUEST' || code === 'WRONG_AUDIENCE';

type Attempt<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Rejected };

function attempt<T>(work: () => T): Attempt<T> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    return { ok: false, error: asRejected(error) };
  }
}

async function attemptLater<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: asRejected(error) };
  }
}
