import { isAt, isForTests, workspaceOf } from './architecture.ts';
import type { Finding } from './finding.ts';
import { type Supply, usesOf } from './machine-use.ts';
import { isCode, type SourceTree } from './source-tree.ts';

/** What only the declared places may take from the machine. */
export interface Border {
  readonly supply: Supply;
  /** Files and folders. */
  readonly edges: readonly string[];
}

/** Finds what is taken outside the edges, and edges that take nothing, through which something could slip in unseen. */
export function checkBorder(tree: SourceTree, { supply, edges }: Border): Finding[] {
  const needed = new Set<string>();
  const findings = tree.files.filter(isProduction).flatMap((file) => {
    const uses = usesOf(supply, { file, text: tree.read(file), remedy: 'this is no edge: pass it in' });
    const edge = edges.find((place) => isAt(file, place));
    if (edge === undefined) return uses;
    if (uses.length > 0) needed.add(edge);
    return [];
  });
  return [...findings, ...edges.filter((edge) => !needed.has(edge)).map(needless)];
}

const isProduction = (file: string): boolean =>
  isCode(file) && !isForTests(file) && workspaceOf(file) !== undefined;

const needless = (edge: string): Finding => ({
  file: edge,
  line: 1,
  message: 'declared an edge in architecture.ts, and takes nothing',
});
