import { isForTests, isUnder, PURE_EXCEPT, PURE_FOLDERS, PURE_MAY_IMPORT } from './architecture.ts';
import type { Finding } from './finding.ts';
import { CLOCK_AND_CHANCE, type Supply, usesOf } from './machine-use.ts';
import { readModule } from './module-text.ts';
import { isCode, type SourceTree } from './source-tree.ts';

const TOUCHES_THE_WORLD = 'touches the world';

const IMPURE: Supply = {
  globals: {
    ...CLOCK_AND_CHANCE.globals,
    process: TOUCHES_THE_WORLD,
    console: TOUCHES_THE_WORLD,
    fetch: TOUCHES_THE_WORLD,
  },
  modules: CLOCK_AND_CHANCE.modules,
};

/** Finds clocks, randomness, timers and I/O in the folders declared pure; their tests may use what they like. */
export function checkPureCores(tree: SourceTree): Finding[] {
  const isPure = (file: string) =>
    PURE_FOLDERS.some((folder) => isUnder(file, folder)) &&
    !PURE_EXCEPT.some((folder) => isUnder(file, folder));
  return tree.files
    .filter((file) => isCode(file) && !isForTests(file) && isPure(file))
    .flatMap((file) => [
      ...usesOf(IMPURE, { file, text: tree.read(file), remedy: 'this folder is pure: pass it in' }),
      ...importsIn(file, tree.read(file)),
    ]);
}

function importsIn(file: string, text: string): Finding[] {
  return readModule(text)
    .imports.filter(({ specifier }) => specifier.startsWith('node:') && !PURE_MAY_IMPORT.includes(specifier))
    .map(({ specifier, line }) => ({ file, line, message: `${specifier} in a pure folder` }));
}
