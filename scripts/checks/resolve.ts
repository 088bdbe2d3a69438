import path from 'node:path';
import { PACKAGE_SCOPE, WORKSPACES } from './architecture.ts';
import type { SourceTree } from './source-tree.ts';

/** The file that an import in `from` means: a path from the root, `undefined` for a package of others. */
export function resolveImport(from: string, specifier: string, tree: SourceTree): string | undefined {
  if (specifier.startsWith('.')) return path.posix.join(path.posix.dirname(from), specifier);
  const workspace = workspaceOfSpecifier(specifier);
  if (workspace === undefined) return undefined;
  return specifier === PACKAGE_SCOPE + workspace ? packageRoot(workspace, tree) : undefined;
}

/** `@tapwatt/chaincode/x` → `chaincode` */
export function workspaceOfSpecifier(specifier: string): string | undefined {
  if (!specifier.startsWith(PACKAGE_SCOPE)) return undefined;
  const name = specifier.slice(PACKAGE_SCOPE.length).split('/')[0] ?? '';
  return WORKSPACES.includes(name) ? name : undefined;
}

/** The package name of an import: `@scope/name/x` → `@scope/name`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function packageRoot(workspace: string, tree: SourceTree): string | undefined {
  const index = `${workspace}/src/index.ts`;
  return tree.has(index) ? index : undefined;
}
