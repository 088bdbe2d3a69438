import type { RequestStatus } from '@tapwatt/firmware-contracts';
import type { Ask } from '../handset/ask.ts';

/** One purchase from the press of the button to its end; times in milliseconds after it was made. */
export interface Purchase {
  readonly handset: string;
  readonly meterId: string;
  /** Minor units, decimal. */
  readonly amount: string;
  /** Who carries the voucher to the gateway's link: the `gateway` itself (deliver), or the `handset` (issue, then redeem). */
  readonly way: 'gateway' | 'handset';
  readonly outcome: RequestStatus;
  readonly voucherId?: string;
  readonly issuedMs?: number;
  readonly onMeterMs?: number;
  readonly settledMs?: number;
  readonly code?: string;
  readonly message?: string;
  /** It was outstanding when the simulator last stopped. */
  readonly isResumed: boolean;
}

const isPurchase = ({ request, status }: Ask): boolean =>
  request.op === 'issue'
    ? request.thenRedeem !== true || status === 'refused'
    : request.follows !== undefined;

const since = (startMs: number, atMs: number | undefined): number | undefined =>
  atMs === undefined ? undefined : atMs - startMs;

const defined = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };

/** The purchase that a final ask ends, or `undefined` where it ends none. */
export const purchaseOf = (handset: string, ask: Ask): Purchase | undefined => {
  const { request, facts, heardAtMs, status } = ask;
  if (!ask.isFinal || status === undefined || !isPurchase(ask)) return undefined;
  const startMs = request.follows?.madeAtMs ?? request.madeAtMs;
  return defined({
    handset,
    meterId: request.meterId ?? '',
    amount: request.amount ?? '',
    way:
      request.follows === undefined && request.thenRedeem !== true
        ? ('gateway' as const)
        : ('handset' as const),
    outcome: status,
    voucherId: facts.voucherId,
    issuedMs: since(startMs, request.follows?.issuedAtMs ?? heardAtMs.issued),
    onMeterMs: since(startMs, heardAtMs['on-meter']),
    settledMs: since(startMs, heardAtMs.settled),
    code: facts.code,
    message: facts.message,
    isResumed: ask.isResumed,
  }) as Purchase;
};
