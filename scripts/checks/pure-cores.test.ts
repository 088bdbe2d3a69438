import { expect, test } from 'vitest';
import { checkPureCores } from './pure-cores.ts';
import { treeOf } from './source-tree.ts';

function messages(file: string, text: string): string[] {
  return checkPureCores(treeOf({ [file]: text })).map(({ message }) => message);
}

test('clocks, randomness, timers and I/O in a pure folder are found', () => {
  const text = [
    'const a = Date.now();',
    'const b = Math.random();',
    'setTimeout(() => {}, 1);',
    `import { readFile } from 'node:fs/promises';`,
    `import { randomBytes } from 'node:crypto';`,
    'randomBytes(16);',
  ].join('\n');
  expect(messages('chaincode/src/rules.ts', text)).toHaveLength(5);
});

test('words in comments and strings are no calls', () => {
  expect(messages('chaincode/src/rules.ts', `// not Date.now\nconst x = 'Math.random';`)).toEqual([]);
});

test('a test, and a folder that is not declared pure, may use what they like', () => {
  expect(messages('chaincode/src/rules.test.ts', 'Date.now();')).toEqual([]);
  expect(messages('gateway/src/edges/system.ts', 'Date.now();')).toEqual([]);
});
