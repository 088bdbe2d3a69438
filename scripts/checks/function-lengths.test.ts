import { expect, test } from 'vitest';
import { functionLengths } from './function-lengths.ts';

test('functions, arrow functions and methods are measured from their first to their last line', () => {
  const text = [
    'export function a(x: number): number {',
    '  return x;',
    '}',
    'const b = (x: number) => {',
    '  if (x > 0) {',
    '    return x;',
    '  }',
    '};',
    'class C {',
    '  method(',
    '    x: number,',
    '  ): void {',
    '    this.x = x;',
    '  }',
    '}',
  ].join('\n');
  expect(functionLengths(text).map(({ name, length }) => `${name} ${length}`)).toEqual([
    'a 3',
    'b 5',
    'method 5',
  ]);
});
