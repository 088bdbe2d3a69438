import { isAt, isForTests, MACHINE_EDGES, workspaceOf } from './architecture.ts';
import type { Finding } from './finding.ts';
import { CLOCK_AND_CHANCE, usesOf } from './machine-use.ts';
import { readModule } from './module-text.ts';
import { isCode, type SourceTree } from './source-tree.ts';

const REMEDY = 'this is no edge: pass it in';

/** Finds clocks, timers and randomness taken from the machine anywhere but at the declared edges. */
export function checkMachineEdges(tree: SourceTree): Finding[] {
  const isInside = (file: string) =>
    workspaceOf(file) !== undefined && !MACHINE_EDGES.some((edge) => isAt(file, edge));
  return tree.files
    .filter((file) => isCode(file) && !isForTests(file) && isInside(file))
    .flatMap((file) => [
      ...usesOf(CLOCK_AND_CHANCE, { file, text: tree.read(file), remedy: REMEDY }),
      ...timerImportsIn(file, tree.read(file)),
    ]);
}

function timerImportsIn(file: string, text: string): Finding[] {
  return readModule(text)
    .imports.filter(({ specifier }) => /^(node:)?timers\b/.test(specifier))
    .map(({ specifier, line }) => ({ file, line, message: `${specifier} sets timers; ${REMEDY}` }));
}
