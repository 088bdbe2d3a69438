import { ADAPTERS, isForTests, isUnder, MAY_IMPORT, PACKAGE_SCOPE, workspaceOf } from './architecture.ts';
import type { Finding } from './finding.ts';
import { type ImportText, readModule } from './module-text.ts';
import { packageOf, resolveImport, workspaceOfSpecifier } from './resolve.ts';
import { isCode, type SourceTree } from './source-tree.ts';

/** What a bin may import from outside its workspace: the one helper that finds Node 24. */
const SHARED_BY_BINS = 'scripts/with-node24.js';
const BUILT_IN = /^node:/;

/**
 * Who imports whom, held to `architecture.ts`: workspaces only by their package name and only in the allowed
 * direction, adapters never each other, other packages only when the workspace's package.json names them.
 */
export function checkImports(tree: SourceTree): Finding[] {
  return tree.files
    .filter((file) => isCode(file) && workspaceOf(file) !== undefined)
    .flatMap((file) =>
      readModule(tree.read(file)).imports.flatMap((imported) => {
        const message = faultOf(file, imported, tree);
        return message === undefined ? [] : [{ file, line: imported.line, message }];
      }),
    );
}

function faultOf(file: string, { specifier }: ImportText, tree: SourceTree): string | undefined {
  const own = workspaceOf(file) ?? '';
  if (specifier.startsWith('.'))
    return faultOfPath(file, own, resolveImport(file, specifier, tree) ?? '', tree);
  if (BUILT_IN.test(specifier)) return undefined;
  const workspace = workspaceOfSpecifier(specifier);
  if (workspace === undefined) return faultOfPackage(file, own, packageOf(specifier), tree);
  if (specifier !== PACKAGE_SCOPE + workspace) return `import the package root, not ${specifier}`;
  if (workspace === own) return `${own} imports itself by its package name: use a relative path`;
  return MAY_IMPORT[own]?.includes(workspace) ? undefined : `${own} may not import ${workspace}`;
}

function faultOfPath(file: string, own: string, target: string, tree: SourceTree): string | undefined {
  if (isUnder(file, `${own}/bin`) && target === SHARED_BY_BINS) return undefined;
  if (!isUnder(target, own)) return `${target} is outside of ${own}: import workspaces by their package name`;
  if (!tree.has(target)) return `${target} does not exist`;
  if (isForTests(file)) return undefined;
  const from = ADAPTERS.find((folder) => isUnder(file, folder));
  const to = ADAPTERS.find((folder) => isUnder(target, folder));
  const crosses = from !== undefined && to !== undefined && from !== to;
  return crosses ? `the adapter ${from} may not import the adapter ${to}` : undefined;
}

function faultOfPackage(file: string, own: string, name: string, tree: SourceTree): string | undefined {
  const declared = dependenciesOf(`${own}/package.json`, tree);
  const allowed = isForTests(file) ? [...declared, ...dependenciesOf('package.json', tree)] : declared;
  return allowed.includes(name) ? undefined : `${name} is not among the dependencies of ${own}/package.json`;
}

function dependenciesOf(manifest: string, tree: SourceTree): string[] {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(tree.read(manifest));
  return [...Object.keys(dependencies), ...Object.keys(devDependencies)];
}
