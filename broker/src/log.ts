/** The part of a pino logger that the broker uses. */
export interface BrokerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const SILENT: BrokerLog = { info: () => {}, warn: () => {}, error: () => {} };
