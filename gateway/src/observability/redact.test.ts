import { TapwattError } from '@tapwatt/firmware-contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { REDACTED, redactSecrets } from './redact.ts';

const JWS = 'eyJhbGciOiJFZERTQSJ9.eyJvcCI6Imlzc3VlIn0.c2lnbmF0dXJlLWJ5dGVz';

function logged(fields: Record<string, unknown>, message = 'Something happened.'): string {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } });
  log.info(fields, message);
  return lines.join('');
}

describe('the logger', () => {
  it('keeps the fields that follow a voucher from tap to commit', () => {
    const fields = {
      redemptionId: 'r1',
      meterId: '7',
      link: 'mqtt',
      txId: 'ab',
      code: 'BUSY',
      voucherId: '0f'.repeat(16),
    };
    expect(JSON.parse(logged(fields))).toMatchObject({
      ...fields,
      level: 'info',
      message: 'Something happened.',
    });
  });

  it('takes secrets out by name, however deep they lie', () => {
    const line = logged({
      meter: { rootKey: 'k-1', mqtt: { Password: 'k-2' } },
      jws: 'k-3',
      private_key: 'k-4',
    });
    expect(line).not.toMatch(/k-\d/);
    expect(line).toContain(REDACTED);
  });

  it('never shows bytes, signed requests, keys in PEM or long hex in any text', () => {
    const frame = 'ab'.repeat(72);
    const pem = '-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----';
    const line = logged({ data: new Uint8Array([1, 2, 3]), note: `a ${JWS} b ${frame} c ${pem}` });
    expect(line).not.toContain(JWS);
    expect(line).not.toContain(frame);
    expect(line).not.toContain('MC4CAQ');
    expect(line).not.toContain('"0":1');
  });

  it('shows an error with its code and its cause, without what is secret in their words', () => {
    const error = new TapwattError('BUSY', `refused ${JWS}`, { cause: new Error('ab'.repeat(128)) });
    const line = logged({ error });
    expect(JSON.parse(line).error).toMatchObject({
      code: 'BUSY',
      type: 'TapwattError',
      cause: { message: REDACTED },
    });
    expect(line).not.toContain(JWS);
  });

  it('writes nothing below its level', () => {
    const lines: string[] = [];
    createLogger({ level: 'warn', destination: { write: (line) => lines.push(line) } }).info('quiet');
    expect(lines).toEqual([]);
  });
});

describe('redactSecrets', () => {
  it('takes any object without failing and always gives something that is JSON', () => {
    fc.assert(
      fc.property(
        fc.object({ withBigInt: true, withTypedArray: true, withMap: true, withDate: true }),
        (value) => {
          expect(() => JSON.stringify(redactSecrets(value as Record<string, unknown>))).not.toThrow();
        },
      ),
    );
  });

  it('ends on an object that contains itself', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(() => JSON.stringify(redactSecrets(loop))).not.toThrow();
  });
});
