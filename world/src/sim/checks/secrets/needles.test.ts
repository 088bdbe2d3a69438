import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Needles } from './needles.ts';
import { writtenForms } from './written-forms.ts';

const bytes = (least: number) => fc.uint8Array({ minLength: least, maxLength: least + 40 });

test('a needle is found wherever it stands, and only there', () => {
  fc.assert(
    fc.property(
      fc.array(bytes(8), { minLength: 1, maxLength: 20 }),
      bytes(0),
      bytes(0),
      (all, before, after) => {
        const needles = new Needles<Uint8Array>();
        for (const one of all) needles.add(one, one);
        for (const one of all) {
          const hay = Buffer.concat([before, one, after]);
          const truly = all.filter((other) => hay.includes(Buffer.from(other)));
          expect(new Set(needles.in(hay))).toEqual(new Set(truly));
        }
      },
    ),
  );
});

test('a secret is found as it is, in hex, and in base64 at every place of a longer text', () => {
  const secret = randomBytes(32);
  const needles = new Needles<string>();
  for (const form of writtenForms(secret)) needles.add(form, 'secret');
  const isFound = (text: string | Uint8Array): boolean => needles.in(Buffer.from(text)).length > 0;
  expect(isFound(Buffer.concat([randomBytes(9), secret, randomBytes(9)]))).toBe(true);
  expect(isFound(`"opening":"${secret.toString('hex')}"`)).toBe(true);
  for (const before of [0, 1, 2, 3, 4]) {
    const longer = Buffer.concat([randomBytes(before), secret, randomBytes(5)]);
    expect(isFound(longer.toString('base64'))).toBe(true);
    expect(isFound(`{"jws":"${longer.toString('base64url')}"}`)).toBe(true);
  }
  expect(isFound(randomBytes(100_000))).toBe(false);
});
