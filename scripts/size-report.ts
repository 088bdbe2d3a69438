/**
 * `npm run size`: how long files and functions are, beside what is aimed at. Information, not a gate.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isForTests, WORKSPACES, workspaceOf } from './checks/architecture.ts';
import { functionLengths } from './checks/function-lengths.ts';
import { readTree } from './checks/source-tree.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const tree = readTree(root);
const code = tree.files.filter(
  (file) => file.endsWith('.ts') && workspaceOf(file) !== undefined && !isForTests(file),
);

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const numbers = [quantile(sorted, 0.5), quantile(sorted, 0.9), sorted.at(-1) ?? 0];
  return numbers.map((n) => String(n).padStart(5)).join(' ');
}

const lines = (file: string) => tree.read(file).trimEnd().split('\n').length;
const functionsOf = (file: string) =>
  functionLengths(tree.read(file)).map((found) => ({ ...found, at: `${file}:${found.line} ${found.name}` }));

console.log('lines a file and a function          files  median   p90   max   functions median   p90   max');
for (const workspace of [...WORKSPACES, 'all']) {
  const files = code.filter((file) => workspace === 'all' || workspaceOf(file) === workspace);
  const functions = files.flatMap(functionsOf).map(({ length }) => length);
  const fileColumn = `${String(files.length).padStart(6)}  ${spread(files.map(lines))}`;
  console.log(
    `${workspace.padEnd(34)} ${fileColumn}  ${String(functions.length).padStart(9)}  ${spread(functions)}`,
  );
}
console.log('aimed at                                     120   300   500                  10    30    60\n');

const longFiles = code.filter((file) => lines(file) > 300).toSorted((a, b) => lines(b) - lines(a));
const longFunctions = code.flatMap(functionsOf).filter(({ length }) => length > 60);
for (const file of longFiles) console.log(`${String(lines(file)).padStart(5)} lines  ${file}`);
for (const { length, at } of longFunctions.toSorted((a, b) => b.length - a.length)) {
  console.log(`${String(length).padStart(5)} lines  ${at}`);
}
