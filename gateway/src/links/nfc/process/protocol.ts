import { messageOf } from '@tapwatt/firmware-contracts';
import { z } from 'zod';

/** The longest answer of a short APDU, with its status word; a smaller room loses the answer of an executed command. */
export const RESPONSE_MAX = 258;
const COMMAND_MAX = 261;
const NAME_MAX = 256;
const TEXT_MAX = 1_000;

const hex = (maxBytes: number) =>
  z
    .string()
    .regex(/^([0-9a-f]{2})*$/)
    .max(2 * maxBytes);
const reader = z.string().min(1).max(NAME_MAX);
const number = z.int().min(0);

/** What the gateway says to the process that holds the library. */
export const toReaders = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('transmit'), tap: number, seq: number, command: hex(COMMAND_MAX) }),
  /** The card is asked for anew: `empty` follows, and `card` if one is there. */
  z.strictObject({ type: z.literal('again'), tap: number }),
  z.strictObject({ type: z.literal('ping'), seq: number }),
]);

/** What that process says; `tap` numbers one presence of one card. */
export const fromReaders = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('reader'), reader }),
  z.strictObject({ type: z.literal('reader-gone'), reader }),
  z.strictObject({ type: z.literal('card'), reader, tap: number, atr: hex(64) }),
  z.strictObject({ type: z.literal('empty'), reader }),
  z.strictObject({ type: z.literal('mute'), reader, message: z.string().max(TEXT_MAX) }),
  z.strictObject({
    type: z.literal('response'),
    tap: number,
    seq: number,
    /** Absent where none came. */
    response: hex(RESPONSE_MAX).optional(),
    message: z.string().max(TEXT_MAX).optional(),
  }),
  z.strictObject({ type: z.literal('pong'), seq: number }),
  z.strictObject({
    type: z.literal('failed'),
    reason: z.enum(['library', 'ended']),
    message: z.string().max(TEXT_MAX),
  }),
]);

export type ToReaders = z.infer<typeof toReaders>;
export type FromReaders = z.infer<typeof fromReaders>;

export const textOf = (error: unknown): string => messageOf(error).slice(0, TEXT_MAX);
