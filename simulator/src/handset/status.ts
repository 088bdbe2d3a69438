import { ERRORS, isFinalStatus, type RequestResult, type RequestStatus } from '@tapwatt/firmware-contracts';

/** How far a status is on its way; statuses only advance (WIRE.md "Handset requests and results"). */
const RANK: Readonly<Record<RequestStatus, number>> = {
  issued: 1,
  accepted: 2,
  pending: 3,
  cancelling: 3,
  'on-meter': 4,
  settled: 5,
  voided: 5,
  redeemed: 5,
  abandoned: 5,
  ok: 5,
  refused: 5,
};

export const isRequestStatus = (text: string): text is RequestStatus => Object.hasOwn(RANK, text);

/** Whether `next` is further than `current`; everything is further than nothing. */
export const isFurther = (next: RequestStatus, current: RequestStatus | undefined): boolean =>
  current === undefined || RANK[next] > RANK[current];

/** Whether `status` is as far as `goal`, or over. */
export const hasReached = (status: RequestStatus | undefined, goal: RequestStatus): boolean =>
  status !== undefined && (RANK[status] >= RANK[goal] || isFinalStatus(status));

/** Whether a refusal only says "not now": the same bytes are sent again. */
export const isPassingRefusal = (result: RequestResult): boolean =>
  result.status === 'refused' && result.code !== undefined && ERRORS[result.code]?.retry === 'same';
