import { type HandsetOp, isName } from '@tapwatt/firmware-contracts';

/** A request as a handset keeps it from before it is first sent until it is final: the very bytes, and what it was about. */
export interface StoredRequest {
  readonly requestId: string;
  readonly op: HandsetOp;
  /** The compact JWS, sent again as it is. */
  readonly jws: string;
  /** Milliseconds since 1970. */
  readonly madeAtMs: number;
  /** Of `issue`: the gateway presents the voucher itself. */
  readonly deliver?: boolean;
  /** Of `issue`: when the voucher is there, a redeem request of it follows. */
  readonly thenRedeem?: boolean;
  /** Of `issue`: when the voucher is there, it is held for a tap. */
  readonly thenCarry?: boolean;
  /** Of a redeem: the requestId of the issue that it follows, and when that one was made. */
  readonly follows?: { readonly requestId: string; readonly madeAtMs: number; readonly issuedAtMs: number };
  readonly meterId?: string;
  /** Minor units, decimal. */
  readonly amount?: string;
}

const OPS: ReadonlySet<string> = new Set(['issue', 'redeem', 'cancel', 'receipts', 'balance', 'query']);

/** Whether a parsed JSON value is a stored request that can be sent again. */
export const isStoredRequest = (value: unknown): value is StoredRequest => {
  if (typeof value !== 'object' || value === null) return false;
  const { requestId, op, jws, madeAtMs } = value as Record<string, unknown>;
  return (
    typeof requestId === 'string' &&
    isName(requestId) &&
    typeof op === 'string' &&
    OPS.has(op) &&
    typeof jws === 'string' &&
    typeof madeAtMs === 'number'
  );
};
