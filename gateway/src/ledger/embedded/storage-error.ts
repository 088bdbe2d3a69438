import { TapwattError } from '@tapwatt/firmware-contracts';

export type StorageErrorCode =
  | 'DATA_LOCKED'
  | 'DATA_DAMAGED'
  | 'DATA_VERSION'
  | 'DISK_FULL'
  | 'LEDGER_UNAVAILABLE';

/** The disk failed, is full, is used by another process, or holds damaged data. */
export class StorageError extends TapwattError {
  override readonly name = 'StorageError';
  declare readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, options);
  }
}

/** DATA_DAMAGED with what is wrong and what to do about it. */
export const damaged = (what: string, cause?: unknown): StorageError =>
  new StorageError(
    'DATA_DAMAGED',
    `${what} Run "tapwatt ledger verify" to see what is affected, then restore the newest backup.`,
    { cause },
  );
