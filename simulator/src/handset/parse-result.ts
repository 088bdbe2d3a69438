import { isErrorCode, isName, type RequestResult } from '@tapwatt/firmware-contracts';
import { isRequestStatus } from './status.ts';

const MAX_RESULT_BYTES = 64 * 1024;

const isHex = (value: unknown): boolean =>
  typeof value === 'string' && value.length % 2 === 0 && /^[0-9a-f]*$/.test(value);

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
  const { requestId, status, code, voucher, acks } = value;
  if (typeof requestId !== 'string' || !isName(requestId)) return undefined;
  if (typeof status !== 'string' || !isRequestStatus(status)) return undefined;
  if (code !== undefined && (typeof code !== 'string' || !isErrorCode(code))) return undefined;
  if (voucher !== undefined && !isHex(voucher)) return undefined;
  if (acks !== undefined && !(Array.isArray(acks) && acks.every(isHex))) return undefined;
  return value as unknown as RequestResult;
};
