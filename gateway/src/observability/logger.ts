import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from '../config/gateway-config.ts';
import { redactSecrets } from './redact.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly destination: DestinationStream;
  /** Constant fields of every line, such as the gateway's id. */
  readonly base?: Readonly<Record<string, string>>;
}

/**
 * The process's logger: one JSON object a line on `destination`. A line carries `redemptionId`, `meterId`, `link`, `txId`
 * and `code` where they are known, so that one search shows a voucher from tap to commit. Keys, passwords, tokens, signed requests and the
 * bytes of vouchers and receipts are taken out wherever they stand in an object.
 */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level,
      base: { ...options.base },
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'message',
      errorKey: 'error',
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redactSecrets(fields),
      },
      serializers: { error: errorFields, err: errorFields },
    },
    options.destination,
  );
}

function errorFields(error: unknown): unknown {
  return redactSecrets({ error }).error;
}
