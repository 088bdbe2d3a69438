import { expect, test } from 'vitest';
import { treeOf } from './source-tree.ts';
import { checkUnused } from './unused.ts';

function findings(texts: Record<string, string>): string[] {
  return checkUnused(treeOf(texts)).map(({ file, message }) => `${file}: ${message}`);
}

test('a file that nothing reaches is found', () => {
  expect(findings({ 'broker/src/index.ts': '', 'broker/src/lost.ts': 'export const a = 1;' })).toEqual([
    'broker/src/lost.ts: no entry, test or script reaches this file',
  ]);
});

test('an export that no other file imports is found; one that is imported through a re-export is not', () => {
  expect(
    findings({
      'broker/src/index.ts': `export { used } from './a.ts';`,
      'broker/src/a.ts':
        'export const used = 1;\nexport const lost = 2;\nexport const own = 3;\nconst x = own;',
    }),
  ).toEqual([
    'broker/src/a.ts: nothing uses lost',
    'broker/src/a.ts: own is exported, but used only in this file',
  ]);
});

test('a type that a signature of its own file names may stay exported', () => {
  expect(
    findings({
      'broker/src/index.ts': `export { f } from './a.ts';`,
      'broker/src/a.ts': 'export interface Options {}\nexport function f(o: Options) {}',
    }),
  ).toEqual([]);
});

test('a file started by name counts as reached', () => {
  expect(
    findings({
      'broker/src/index.ts': `spawn(new URL('./child.ts', import.meta.url));`,
      'broker/src/child.ts': 'console.log(1);',
    }),
  ).toEqual([]);
});
