import { expect, test } from 'vitest';
import { checkImports } from './import-rule.ts';
import { treeOf } from './source-tree.ts';

const MANIFESTS = Object.fromEntries(
  ['.', 'firmware-contracts', 'chaincode', 'broker', 'gateway', 'simulator', 'world'].map((folder) => [
    folder === '.' ? 'package.json' : `${folder}/package.json`,
    JSON.stringify(
      folder === 'gateway'
        ? { dependencies: { fastify: '5' } }
        : folder === '.'
          ? { devDependencies: { vitest: '5' } }
          : {},
    ),
  ]),
);

function messages(texts: Record<string, string>): string[] {
  return checkImports(treeOf({ ...MANIFESTS, ...texts })).map(({ message }) => message);
}

test('an import in the allowed direction, by the package name, passes', () => {
  expect(messages({ 'gateway/src/a.ts': `import { x } from '@tapwatt/chaincode';` })).toEqual([]);
});

test('an import against the direction is named', () => {
  expect(messages({ 'chaincode/src/a.ts': `import { x } from '@tapwatt/gateway';` })).toEqual([
    'chaincode may not import gateway',
  ]);
});

test('a path into another workspace, or behind its package root, is named', () => {
  expect(
    messages({
      'gateway/src/a.ts': `import { x } from '../../chaincode/src/x.ts';\nimport { y } from '@tapwatt/chaincode/src/y.ts';`,
    }),
  ).toHaveLength(2);
});

test('one adapter may not import another, though its test may', () => {
  const text = `import { x } from '../fabric/x.ts';`;
  const other = { 'gateway/src/ledger/fabric/x.ts': '' };
  expect(messages({ 'gateway/src/ledger/embedded/a.ts': text, ...other })).toHaveLength(1);
  expect(messages({ 'gateway/src/ledger/embedded/a.test.ts': text, ...other })).toEqual([]);
});

test('a package that the workspace does not declare is named; a test may use those of the root', () => {
  expect(messages({ 'broker/src/a.ts': `import fastify from 'fastify';` })).toHaveLength(1);
  expect(messages({ 'gateway/src/a.ts': `import fastify from 'fastify';` })).toEqual([]);
  expect(messages({ 'broker/src/a.test.ts': `import { test } from 'vitest';` })).toEqual([]);
  expect(messages({ 'broker/src/a.ts': `import { test } from 'vitest';` })).toHaveLength(1);
});

test('an import of a file that is not there is named', () => {
  expect(messages({ 'broker/src/a.ts': `import { b } from './b.ts';` })).toEqual([
    'broker/src/b.ts does not exist',
  ]);
});
