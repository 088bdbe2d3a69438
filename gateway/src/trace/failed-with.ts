import { TapwattError } from '@tapwatt/firmware-contracts';

/** What happened, with the code of the error where it has one: `failed: BUSY`. */
export const failedWith = (what: string, error: unknown): string =>
  error instanceof TapwattError ? `${what}: ${error.code}` : what;
