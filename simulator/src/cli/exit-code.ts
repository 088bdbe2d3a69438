import { TapwattError } from '@tapwatt/firmware-contracts';
import { CommanderError } from 'commander';

/** Exit codes: 0 ok, 1 failed, 2 usage, 3 configuration, 4 unreachable. */
export const exitCodeOf = (error: unknown): number => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!(error instanceof TapwattError)) return 1;
  switch (error.code) {
    case 'CONFIG_INVALID':
    case 'KEY_FILE':
    case 'BAD_REQUEST':
      return 3;
    case 'GATEWAY_UNREACHABLE':
      return 4;
    default:
      return 1;
  }
};
