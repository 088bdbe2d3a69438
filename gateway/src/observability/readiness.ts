import { ERRORS, type ErrorCode } from '@tapwatt/firmware-contracts';
import type { ReadinessReason, ReadinessReport } from '../http/services.ts';

export interface ReadinessInputs {
  /** `failed`: the storage failed and is being opened again. `damaged`: it stays closed. */
  readonly ledger: 'open' | 'failed' | 'damaged' | 'closed';
  /** Why it failed, where that is known. */
  readonly ledgerCause?: ErrorCode | undefined;
  readonly listening: boolean;
  readonly stopping: boolean;
}

/** Whether a redemption can be taken; a ledger that is away only degrades it. */
export function readinessOf(inputs: ReadinessInputs): ReadinessReport {
  const reasons: ReadinessReason[] = [];
  if (inputs.stopping) reasons.push(notReady('gateway', 'The gateway is stopping.'));
  else if (!inputs.listening) reasons.push(notReady('broker', 'The broker does not listen yet.'));
  if (inputs.ledger === 'failed') {
    const code = inputs.ledgerCause ?? 'LEDGER_UNAVAILABLE';
    reasons.push({
      part: 'ledger',
      state: 'degraded',
      code,
      message: `The ledger’s storage failed (${ERRORS[code].meaning}) It is opened again by itself; sealed vouchers are redeemed meanwhile.`,
    });
  }
  if (inputs.ledger === 'damaged') {
    reasons.push({
      part: 'ledger',
      state: 'not-ready',
      code: 'DATA_DAMAGED',
      message: 'The ledger’s data is damaged.',
    });
  }
  const worst = reasons.some(({ state }) => state === 'not-ready') ? 'not-ready' : 'degraded';
  return { state: reasons.length === 0 ? 'ready' : worst, reasons };
}

const notReady = (part: string, message: string): ReadinessReason => ({
  part,
  state: 'not-ready',
  code: 'BUSY',
  message,
});
