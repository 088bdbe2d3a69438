import { isErrorCode, isName, type RequestResult } from '@tapwatt/firmware-contracts';
import { isRequestStatus } from './status.ts';

const MAX_RESULT_BYTES = 64 * 1024;

const parseObject = (payload: Uint8Array): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

/** A result from `dn/res`, or `undefined` for what is none: it is dropped, and the request asked again. */
export const parseResult = (payload: Uint8Array): RequestResult | undefined => {
  const value = payload.length > MAX_RESULT_BYTES ? undefined : parseObject(payload);
  if (value === undefined) return undefined;
  const { requestId, status, code } = value;
  if (typeof requestId !== 'string' || !isName(requestId)) return undefined;
  if (typeof status !== 'string' || !isRequestStatus(status)) return undefined;
  if (code !== undefined && (typeof code !== 'string' || !isErrorCode(code))) return undefined;
  return value as unknown as RequestResult;
};
