import path from 'node:path';
import { isTest } from './architecture.ts';
import type { Finding } from './finding.ts';
import { type ModuleText, readModule } from './module-text.ts';
import { resolveImport } from './resolve.ts';
import { isCode, type SourceTree } from './source-tree.ts';

interface Graph {
  readonly modules: ReadonlyMap<string, ModuleText>;
  /** file → the names others import from it; `*` stands for all. */
  readonly used: ReadonlyMap<string, ReadonlySet<string>>;
  readonly edges: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Files that start something by themselves: nobody needs to import them, and what they export is for outside. */
const ENTRIES: readonly RegExp[] = [
  /^[\w-]+\/src\/index\.ts$/,
  // Served by fabric-chaincode-node.
  /^chaincode\/src\/fabric\/index\.ts$/,
  /^[\w-]+\/bin\/[\w-]+\.js$/,
  /^[\w-]+\/bench\/[\w-]+\.ts$/,
  /^scripts\/[\w-]+\.(ts|js)$/,
  /^[\w.-]+\.config\.ts$/,
];

/** Finds files that no entry reaches, and exports that no other file imports. */
export function checkUnused(tree: SourceTree): Finding[] {
  const graph = graphOf(tree);
  const reached = reachable(
    graph,
    [...graph.modules.keys()].filter((file) => isEntry(file, tree)),
  );
  const files = [...graph.modules.keys()].filter((file) => !reached.has(file));
  return [
    ...files.map((file) => ({ file, line: 1, message: 'no entry, test or script reaches this file' })),
    ...[...reached].filter((file) => !isEntry(file, tree)).flatMap((file) => unusedExports(file, graph)),
  ];
}

function isEntry(file: string, tree: SourceTree): boolean {
  return isTest(file) || ENTRIES.some((entry) => entry.test(file)) || isPageScript(file, tree);
}

/** A script of a web page is started by the page. */
function isPageScript(file: string, tree: SourceTree): boolean {
  const folder = path.posix.dirname(file);
  return (
    file.endsWith('.js') &&
    tree.files.some((other) => other.endsWith('.html') && path.posix.dirname(other) === folder)
  );
}

function graphOf(tree: SourceTree): Graph {
  const modules = new Map(tree.files.filter(isCode).map((file) => [file, readModule(tree.read(file))]));
  const used = new Map<string, Set<string>>();
  const edges = new Map<string, Set<string>>();
  const use = (from: string, to: string, names: readonly string[]) => {
    edges.set(from, (edges.get(from) ?? new Set()).add(to));
    for (const name of names) used.set(to, (used.get(to) ?? new Set()).add(name));
  };
  for (const [file, { imports, scriptNames }] of modules) {
    for (const { specifier, names } of imports) {
      const target = resolveImport(file, specifier, tree);
      if (target !== undefined) use(file, target, names);
    }
    for (const name of scriptNames) {
      for (const target of [path.posix.join(path.posix.dirname(file), name), path.posix.normalize(name)]) {
        if (tree.has(target)) use(file, target, []);
      }
    }
  }
  return { modules, used, edges };
}

function reachable({ edges, modules }: Graph, entries: readonly string[]): Set<string> {
  const reached = new Set<string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file) || !modules.has(file)) continue;
    reached.add(file);
    waiting.push(...(edges.get(file) ?? []));
  }
  return reached;
}

/** A type that only its own file's signatures name stays exported: callers meet it there. */
function unusedExports(file: string, { modules, used }: Graph): Finding[] {
  const names = used.get(file) ?? new Set();
  if (names.has('*')) return [];
  return (modules.get(file)?.exports ?? [])
    .filter(({ name, isType, uses }) => !names.has(name) && !(isType && uses > 1))
    .map(({ name, line, uses }) => ({
      file,
      line,
      message: uses > 1 ? `${name} is exported, but used only in this file` : `nothing uses ${name}`,
    }));
}
