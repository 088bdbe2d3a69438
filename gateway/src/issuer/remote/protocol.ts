import { ERRORS, type ErrorCode } from '@tapwatt/firmware-contracts';
import { z } from 'zod';

/** Where an issuer's process answers. */
export const ISSUER_PATH = '/v1/issuer';
/** Questions of one request, and the bytes that they may take. */
export const MAX_QUESTIONS = 64;
export const MAX_BODY_BYTES = 65_536;

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
const frame = z.string().regex(/^(?:[0-9a-f]{2}){1,256}$/);
const meterId = z.string().regex(/^[1-9]\d{0,19}$/);
const keyEpoch = z.int().min(0).max(0xffff);
const uint32 = z.int().min(0).max(0xffff_ffff);
const voucherId = hex(16);

/** What a gateway asks of the issuer, by the members of the port `Issuer`. */
const questionSchema = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('commitments'), meterId, keyEpoch, seq: uint32, payloadHash: hex(32) }),
  z.strictObject({ ask: z.literal('order-commitments'), meterId, keyEpoch, payloadHash: hex(32) }),
  z.strictObject({ ask: z.literal('seal-voucher'), voucherId }),
  z.strictObject({ ask: z.literal('seal-void'), voucherId }),
  z.strictObject({ ask: z.literal('seal-order'), meterId }),
  z.strictObject({ ask: z.literal('read-voucher'), frame }),
  z.strictObject({ ask: z.literal('read-receipt'), frame }),
  z.strictObject({ ask: z.literal('reading-keys'), meterId, keyEpoch }),
  z.strictObject({ ask: z.literal('acknowledge'), meterId, keyEpoch, receiptNo: uint32, floorSeq: uint32 }),
  z.strictObject({ ask: z.literal('time-order'), meterId, keyEpoch, timeNo: uint32, time: uint32 }),
]);
export type Question = z.infer<typeof questionSchema>;
export type QuestionOf<A extends Question['ask']> = Extract<Question, { ask: A }>;

/** The body of a request; one without questions only greets. `ledgerId` says which ledger the caller means, so that nobody asks the wrong issuer. */
export const requestSchema = z.strictObject({
  ledgerId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  questions: z.array(questionSchema).max(MAX_QUESTIONS),
});

/** The good answer to each question. Frames, keys and hashes are lower-case hex. */
export const ANSWER_SCHEMAS = {
  commitments: z.object({ voucherId, fulfilHash: hex(32), voidHash: hex(32) }),
  'order-commitments': z.object({ voucherId, closeHash: hex(32) }),
  'seal-voucher': z.object({ frame: hex(72) }),
  'seal-void': z.object({ frame: hex(72) }),
  'seal-order': z.object({ frame: hex(72) }),
  'read-voucher': z.object({}),
  'read-receipt': z.object({ proof: z.enum(['fulfil', 'void', 'close']).optional() }),
  'reading-keys': z.object({ receipt: hex(32), status: hex(32) }),
  acknowledge: z.object({ frame: hex(28) }),
  'time-order': z.object({ frame: hex(28) }),
} as const satisfies Record<Question['ask'], z.ZodType>;
export type AnswerOf<A extends Question['ask']> = z.infer<(typeof ANSWER_SCHEMAS)[A]>;

const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** One answer a question, in their order: what was asked for, or why not. */
export const responseSchema = z.object({
  answers: z.array(
    z.union([
      z.object({ ok: z.literal(true), answer: z.unknown() }),
      z.object({ ok: z.literal(false), code: z.enum(codes), message: z.string().max(1_000) }),
    ]),
  ),
  /** When the issuer's own certificates end, Unix s: that of its TLS, and that which it reads a Fabric ledger with. */
  certificates: z.object({ tlsExpiresAt: z.int(), ledgerExpiresAt: z.int().optional() }),
});
export type IssuerCertificates = z.infer<typeof responseSchema>['certificates'];
export type Answer = z.infer<typeof responseSchema>['answers'][number];
