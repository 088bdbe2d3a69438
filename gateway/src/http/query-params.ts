import { isName, isVoucherId, meterId, TapwattError } from '@tapwatt/firmware-contracts';
import { z } from 'zod';
import { DAY_MS } from '../telemetry/store.ts';

const MAX_PAGE = 500;
const DEFAULT_PAGE = 50;

const cursor = z.string().min(1).max(256);
const limit = z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE);

export const pageParams = z.strictObject({ after: cursor.optional(), limit });
export const meterListParams = z.strictObject({
  after: z.string().refine(isMeterId, 'must be a meter number').optional(),
  limit,
  /** Digits that the meter's number contains. */
  q: z
    .string()
    .regex(/^\d{1,20}$/, 'must be digits')
    .optional(),
});
export const voucherListParams = z.strictObject({
  after: z.string().refine(isVoucherId, 'must be 32 hex digits').optional(),
  limit,
  meterId: z.string().refine(isMeterId, 'must be a meter number').optional(),
  status: z.enum(['ISSUED', 'CANCELLING', 'REDEEMED', 'VOIDED', 'RELEASED']).optional(),
});

export const meterIdParam = z.strictObject({ id: z.string().refine(isMeterId, 'must be a meter number') });
const MAX_UNIX_MS = 4_294_967_295_000;
const UNIX_MS = `must be a whole number of Unix milliseconds, at most ${MAX_UNIX_MS}`;
const unixMs = z
  .string(UNIX_MS)
  .regex(/^\d{1,15}$/, UNIX_MS)
  .transform(Number)
  .refine((atMs) => atMs <= MAX_UNIX_MS, UNIX_MS);
/** Days that one question may span, so that every answer is small. */
const MAX_SPAN_DAYS = { raw: 32, hour: 400, day: 12_000 } as const;

export const readingsParams = z
  .strictObject({
    from: unixMs,
    to: unixMs,
    resolution: z.enum(['raw', 'hour', 'day']).default('raw'),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], error: 'must be after from' })
  .refine(({ from, to, resolution }) => to - from <= MAX_SPAN_DAYS[resolution] * DAY_MS, {
    path: ['from'],
    error: 'is too far before to for this resolution',
  });

export const voucherIdParam = z.strictObject({ id: z.string().refine(isVoucherId, 'must be 32 hex digits') });
export const nameParam = z.strictObject({
  id: z.string().refine(isName, 'must be 1 to 64 of A-Z a-z 0-9 _ -'),
});

/** Validates what a client sent. Throws BAD_REQUEST naming the field. */
export function checked<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.map(String).join('.') ?? '';
  throw new TapwattError(
    'BAD_REQUEST',
    `${field === '' ? 'The request' : field}: ${issue?.message ?? 'is wrong'}`,
  );
}

/** The members of a record that are set: an absent one and `undefined` are not the same to the ledger. */
export function defined<T extends object>(record: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function isMeterId(text: string): boolean {
  try {
    meterId(text);
    return true;
  } catch {
    return false;
  }
}
