import { ERRORS, type ErrorCode, TapwattError } from '@tapwatt/firmware-contracts';
import { HTTP_STATUS } from './error-status.ts';

/** The body of every answer that is an error. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
}

export interface ErrorReply {
  readonly status: number;
  readonly body: ErrorBody;
}

/** What a client is told of a failure. Of a bug it learns the code only; the log has the rest. */
export function errorReply(error: unknown): ErrorReply {
  const [code, message] = codeAndMessage(error);
  const { remedy } = error instanceof TapwattError ? error : ERRORS[code];
  return { status: HTTP_STATUS[code], body: { code, message, remedy } };
}

/** The body for a refusal that is a value and not an exception. */
export function refusal(code: ErrorCode, message: string = ERRORS[code].meaning): ErrorReply {
  return { status: HTTP_STATUS[code], body: { code, message, remedy: ERRORS[code].remedy } };
}

function codeAndMessage(error: unknown): [ErrorCode, string] {
  if (error instanceof TapwattError) return [error.code, error.message];
  if (isDeadline(error)) return ['DEADLINE', ERRORS.DEADLINE.meaning];
  if (isClientError(error)) return ['BAD_REQUEST', error.message];
  return ['INTERNAL', ERRORS.INTERNAL.meaning];
}

function isDeadline(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
}

/** What Fastify itself refuses: a body that is too long, no JSON, of another content type. */
function isClientError(error: unknown): error is Error {
  if (!(error instanceof Error) || !('statusCode' in error)) return false;
  return typeof error.statusCode === 'number' && error.statusCode >= 400 && error.statusCode < 500;
}
