import { expect, test } from 'vitest';
import { readModule, withoutComments } from './module-text.ts';

test('names of imports are the names that the other module exports', () => {
  const { imports } = readModule(
    [
      `import { a, b as c, type D } from './x.ts';`,
      `import type { E } from './y.ts';`,
      `import whole, { f } from './z.ts';`,
      `import * as all from 'node:fs';`,
      `export { g as h } from './r.ts';`,
      `export * from './s.ts';`,
      `const late = await import('./late.ts');`,
      `import './effect.ts';`,
    ].join('\n'),
  );
  expect(Object.fromEntries(imports.map(({ specifier, names }) => [specifier, names]))).toEqual({
    './x.ts': ['a', 'b', 'D'],
    './y.ts': ['E'],
    './z.ts': ['default', 'f'],
    'node:fs': ['*'],
    './r.ts': ['g'],
    './s.ts': ['*'],
    './late.ts': ['*'],
    './effect.ts': ['*'],
  });
});

test('imports over several lines and imports in comments are told apart', () => {
  const { imports } = readModule(
    `// import { no } from './no.ts'\nimport {\n  a,\n  b,\n} from './x.ts';\n/* import './never.ts' */`,
  );
  expect(imports).toEqual([{ specifier: './x.ts', names: ['a', 'b'], line: 2 }]);
});

test('every form of export is seen with its line', () => {
  const { exports } = readModule(
    [
      'export const a = 1;',
      'export async function b() {}',
      'export interface C {}',
      'const d = 2;',
      'export { d as e };',
      'export default function named() {}',
      'export type { F };',
    ].join('\n'),
  );
  expect(exports.map(({ name, isType, line }) => `${line} ${name}${isType ? ' type' : ''}`)).toEqual([
    '1 a',
    '2 b',
    '3 C type',
    '6 default',
    '5 e',
    '7 F type',
  ]);
});

test('a comment sign inside a string is no comment', () => {
  expect(withoutComments(`const url = 'mqtt://host'; // gone`).trimEnd()).toBe(`const url = 'mqtt://host';`);
});
