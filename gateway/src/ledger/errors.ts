import { type ErrorCode, TapwattError } from '@tapwatt/firmware-contracts';

/** The rules said no; final for this request. */
export class LedgerRejected extends TapwattError {
  override readonly name = 'LedgerRejected';
}

/** The ledger could not be reached or refused to start; nothing happened. */
export class LedgerUnavailable extends TapwattError {
  override readonly name = 'LedgerUnavailable';

  constructor(message: string, options: { cause?: unknown; code?: ErrorCode } = {}) {
    super(options.code ?? 'LEDGER_UNAVAILABLE', message, { cause: options.cause });
  }
}

/** The transaction may or may not have been committed: look it up by `txId`, never submit it under a new id. */
export class OutcomeUnknown extends TapwattError {
  override readonly name = 'OutcomeUnknown';
  readonly txId: string;

  constructor(txId: string, options: { cause?: unknown } = {}) {
    super('OUTCOME_UNKNOWN', `The outcome of transaction ${txId} is not known.`, options);
    this.txId = txId;
  }
}
