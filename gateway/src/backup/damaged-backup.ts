import { TapwattError } from '@tapwatt/firmware-contracts';

/** DATA_DAMAGED of a backup file: the data directory is as it was. */
export const damagedBackup = (message: string, cause?: unknown): TapwattError =>
  new TapwattError('DATA_DAMAGED', message, {
    cause,
    remedy: 'Take another backup file; this one is damaged.',
  });
