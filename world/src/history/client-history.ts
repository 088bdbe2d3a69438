import { ERRORS, type ErrorCode, type RequestResult, type RequestStatus } from '@tapwatt/firmware-contracts';

/** What one request was told, in the order in which it heard it. */
export interface RequestHistory {
  readonly requestId: string;
  readonly op: string;
  readonly statuses: readonly RequestStatus[];
  readonly facts: Partial<RequestResult>;
  /** Why it was refused for good; "not now" says nothing of another copy of the same request. */
  readonly refusedFor?: ErrorCode;
}

/** Everything that clients were told; invariant I4 holds it against the ledger's books at the end. */
export interface ClientHistory {
  hear(op: string, result: RequestResult): void;
  contradicted(requestId: string): void;
  readonly requests: readonly RequestHistory[];
  readonly contradictions: readonly string[];
}

export function createClientHistory(): ClientHistory {
  const requests = new Map<string, RequestHistory>();
  const contradictions: string[] = [];
  return {
    hear(op, result) {
      const { requestId, status } = result;
      const before = requests.get(requestId);
      const statuses = before?.statuses ?? [];
      requests.set(requestId, {
        ...{ requestId, op },
        statuses: statuses.at(-1) === status ? statuses : [...statuses, status],
        facts: { ...before?.facts, ...result },
        ...(before?.refusedFor === undefined ? {} : { refusedFor: before.refusedFor }),
        ...(isForGood(result) ? { refusedFor: result.code } : {}),
      });
    },
    contradicted: (requestId) => void contradictions.push(requestId),
    get requests() {
      return [...requests.values()];
    },
    contradictions,
  };
}

/** A refusal that names a voucher is the meter's word on one that was issued. */
const isForGood = (result: RequestResult): result is RequestResult & { readonly code: ErrorCode } =>
  result.status === 'refused' &&
  result.voucherId === undefined &&
  result.code !== undefined &&
  ERRORS[result.code].retry !== 'same';
