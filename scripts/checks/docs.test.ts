import { expect, test } from 'vitest';
import { checkNpmCommands, documentedCommands } from './doc-commands.ts';
import { checkDocLinks } from './doc-links.ts';
import { treeOf } from './source-tree.ts';

test('links to files, folders and headings that exist pass; others are found with their line', () => {
  const tree = treeOf({
    'README.md':
      'see [a](docs/a.md), [b](docs/), [c](docs/a.md#two-words), [d](https://example.org)\n[x](docs/x.md)\n[y](docs/a.md#no)',
    'docs/a.md': '# One\n\n## Two words\n',
  });
  expect(checkDocLinks(tree)).toEqual([
    { file: 'README.md', line: 2, message: 'docs/x.md leads to no file' },
    { file: 'README.md', line: 3, message: 'docs/a.md#no: no such heading' },
  ]);
});

test('a link in a code block is an example, not a link', () => {
  expect(checkDocLinks(treeOf({ 'README.md': '```\n[x](nowhere.md)\n```\n' }))).toEqual([]);
});

test('npm commands in shell blocks must be scripts', () => {
  const tree = treeOf({
    'package.json': '{"scripts": {"check": "x"}}',
    'README.md': '```sh\nnpm ci && npm test\nnpm run check\nnpm run nothing # npm run comment\n```\n',
  });
  expect(checkNpmCommands(tree)).toEqual([
    { file: 'README.md', line: 4, message: 'package.json has no script "nothing"' },
  ]);
});

test('the words of our commands are read up to the first option or argument', () => {
  const tree = treeOf({
    'README.md':
      '```sh\nnpx tapwatt meter list --json\ntapwatt redeem FILE\necho x | tapwatt frame decode -\ntapwatt-sim run --meters 5\n```\n',
  });
  expect(documentedCommands(tree).map(({ program, words }) => [program, ...words].join(' '))).toEqual([
    'tapwatt meter list',
    'tapwatt redeem',
    'tapwatt frame decode',
    'tapwatt-sim run',
  ]);
});
