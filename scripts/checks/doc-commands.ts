import type { Finding } from './finding.ts';
import { lineAt } from './module-text.ts';
import type { SourceTree } from './source-tree.ts';

const SHELL_BLOCK = /^```(?:sh|bash|console)\n([\s\S]*?)^```/gm;
const BUILT_INTO_NPM = new Set(['ci', 'install', 'start', 'test']);

/** A command of ours that a document tells its reader to type: the words before the first option or argument. */
export interface DocumentedCommand {
  readonly program: 'tapwatt' | 'tapwatt-sim';
  readonly words: readonly string[];
  readonly file: string;
  readonly line: number;
}

/** Finds `npm run NAME` in shell blocks of the documents that package.json does not have. */
export function checkNpmCommands(tree: SourceTree): Finding[] {
  const { scripts = {} } = JSON.parse(tree.read('package.json'));
  return shellLines(tree).flatMap(({ file, line, text }) =>
    [...text.matchAll(/\bnpm (run )?([\w:-]+)/g)].flatMap(([, run, name = '']) => {
      const isKnown = Object.hasOwn(scripts, name) || (run === undefined && BUILT_INTO_NPM.has(name));
      return isKnown ? [] : [{ file, line, message: `package.json has no script "${name}"` }];
    }),
  );
}

/** The `tapwatt` and `tapwatt-sim` commands in shell blocks; their words are checked by asking the program for `--help`. */
export function documentedCommands(tree: SourceTree): DocumentedCommand[] {
  return shellLines(tree).flatMap(({ file, line, text }) =>
    [...text.matchAll(/(?:^|[\s|(])(?:npx )?(tapwatt(?:-sim)?)((?: [a-z][a-z-]*)+)(?=\s|$)/g)].map(
      (match) => ({
        program: match[1] === 'tapwatt-sim' ? 'tapwatt-sim' : 'tapwatt',
        words: (match[2] ?? '').trim().split(' '),
        file,
        line,
      }),
    ),
  );
}

function shellLines(tree: SourceTree): { file: string; line: number; text: string }[] {
  return tree.files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => {
      const text = tree.read(file);
      return [...text.matchAll(SHELL_BLOCK)].flatMap((match) => {
        const first = lineAt(text, match.index) + 1;
        const lines = (match[1] ?? '').split('\n');
        return lines.map((line, n) => ({ file, line: first + n, text: line.replace(/(^|\s)#.*$/, '') }));
      });
    });
}
