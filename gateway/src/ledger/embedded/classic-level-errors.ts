import { damaged, StorageError } from './storage-error.ts';

/** The innermost error that LevelDB or the system gave. */
const innermost = (error: unknown): { code: string; message: string } => {
  let current = error;
  for (let depth = 0; depth < 4 && current instanceof Error && current.cause instanceof Error; depth++) {
    current = current.cause;
  }
  const { code, message } = current as { code?: unknown; message?: unknown };
  return { code: String(code ?? ''), message: String(message ?? current) };
};

/** What a failure of classic-level, LevelDB or the file system means for the ledger in `name`. */
export const toStorageError = (error: unknown, name: string): StorageError => {
  if (error instanceof StorageError) return error;
  const { code, message } = innermost(error);
  if (code === 'LEVEL_LOCKED') {
    return new StorageError('DATA_LOCKED', `Another process uses ${name}.`, { cause: error });
  }
  if (code === 'ENOSPC' || /no space left|disk quota exceeded/i.test(message)) {
    return new StorageError('DISK_FULL', `The disk that holds ${name} is full.`, { cause: error });
  }
  // A file that the manifest names and that is not there reads as an I/O error.
  if (code === 'LEVEL_CORRUPTION' || /corruption|no such file|does not exist/i.test(message)) {
    return damaged(`The database in ${name} is damaged: ${message}.`, error);
  }
  return new StorageError('LEDGER_UNAVAILABLE', `The database in ${name} failed: ${message}`, {
    cause: error,
  });
};
