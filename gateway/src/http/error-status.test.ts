import { ERRORS, isErrorCode, TapwattError } from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import { errorReply } from './error-reply.ts';
import { HTTP_STATUS } from './error-status.ts';

describe('the HTTP status of an error', () => {
  it('is known for every code of the registry, and for nothing else', () => {
    expect(Object.keys(HTTP_STATUS).toSorted()).toEqual(Object.keys(ERRORS).toSorted());
  });

  it.each(Object.keys(ERRORS).filter(isErrorCode))(
    'of %s comes with its code, message and remedy',
    (code) => {
      const { status, body } = errorReply(new TapwattError(code, 'What exactly.'));
      expect(status).toBe(HTTP_STATUS[code]);
      expect(body).toEqual({ code, message: 'What exactly.', remedy: ERRORS[code].remedy });
    },
  );

  it('never makes a passing trouble look like a fault of the caller', () => {
    for (const [code, status] of Object.entries(HTTP_STATUS)) {
      if (isErrorCode(code) && ERRORS[code].retry === 'changed' && status === 503) throw new Error(code);
    }
  });

  it('is DEADLINE when time ran out and INTERNAL for a bug', () => {
    expect(errorReply(AbortSignal.abort(new DOMException('x', 'TimeoutError')).reason).body.code).toBe(
      'DEADLINE',
    );
    expect(errorReply('what').body.code).toBe('INTERNAL');
  });
});
