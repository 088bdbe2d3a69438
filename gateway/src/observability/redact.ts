/** Names whose values never reach a log, in any case and wherever they stand. */
const SECRET_NAMES = new Set([
  'authorization',
  'bytes',
  'cookie',
  'frame',
  'fulfil',
  'jws',
  'key',
  'keys',
  'master',
  'masterkey',
  'opening',
  'openings',
  'passphrase',
  'password',
  'payload',
  'privatekey',
  'receipt',
  'receipts',
  'root',
  'rootkey',
  'secret',
  'signature',
  'token',
  'void',
  'voucher',
  'vouchers',
]);

export const REDACTED = '[redacted]';
const MAX_DEPTH = 6;
const MAX_ITEMS = 64;

/** A copy of log fields without secrets: by name, byte arrays whole, and anything in a text that looks like a signed request. */
export function redactSecrets(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactRecord(fields, 0);
}

function redactRecord(record: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(record).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, isSecret(name, value) ? REDACTED : redactValue(value, depth + 1)]),
  );
}

function isSecret(name: string, value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined)
    return false;
  return SECRET_NAMES.has(name.toLowerCase().replaceAll(/[-_]/g, ''));
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return REDACTED;
  if (depth > MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value))
    return value.slice(0, MAX_ITEMS).map((item: unknown) => redactValue(item, depth + 1));
  if (value instanceof Map || value instanceof Set) return `[${value.constructor.name} of ${value.size}]`;
  return redactRecord(value, depth);
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  return {
    ...redactRecord(error, depth),
    type: error.name,
    message: redactText(error.message),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: redactValue(error.cause, depth + 1) }),
  };
}

/** A compact JWS, a PEM block, and hex longer than any id of ours (a voucher id has 32 digits, a hash 64) are never logged. */
function redactText(text: string): string {
  return text
    .replaceAll(/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g, REDACTED)
    .replaceAll(/-----BEGIN [^-]+-----[\s\S]*?-----END [^-]+-----/g, REDACTED)
    .replaceAll(/\b[0-9a-fA-F]{65,}\b/g, REDACTED);
}
