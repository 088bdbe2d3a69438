import { ERRORS, type ErrorCode, TapwattError } from '@tapwatt/firmware-contracts';
import type { Logger } from './logger.ts';
import type { ReadinessInputs } from './readiness.ts';

type Condition = ReadinessInputs['ledger'];

/** Says in the log when the ledger fails or is not reached and when it is back, and remembers why. */
export interface LedgerWatch {
  onCondition(condition: Condition, error?: unknown): void;
  /** Why the ledger is away now; `undefined` while it is there. */
  readonly cause: ErrorCode | undefined;
}

export function watchLedger(log: Pick<Logger, 'info' | 'warn' | 'error'>): LedgerWatch {
  let cause: ErrorCode | undefined;
  return {
    onCondition(condition, error) {
      if (condition === 'open') {
        if (cause !== undefined) log.info('the ledger is open again');
        cause = undefined;
        return;
      }
      if (error === undefined) return;
      const code = error instanceof TapwattError ? error.code : 'LEDGER_UNAVAILABLE';
      // It is tried again and again; one line for each reason is enough.
      if (code === cause) return;
      cause = code;
      const fields = { code, err: error, remedy: ERRORS[code].remedy };
      if (condition === 'damaged') log.error(fields, 'the ledger is damaged and stays closed');
      else log.warn(fields, 'the ledger is away; it is tried again by itself');
    },
    get cause() {
      return cause;
    },
  };
}
