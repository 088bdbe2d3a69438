import { isErased, isNode, nodesIn, type SyntaxNode, textOf } from './syntax-tree.ts';

/** What a module takes of another when it runs; types are not among it. */
export interface ModuleUse {
  /** Without `node:`. */
  readonly module: string;
  /** The exporter's names; `*` for all of them. */
  readonly names: readonly string[];
  readonly start: number;
}

/** Functions that give a whole module for its name, by what they are called or by what they are members as. */
const LOADERS: readonly string[] = ['require', 'getBuiltinModule'];

/** Every import of a module, whichever way it is written. */
export function moduleUses(program: SyntaxNode): ModuleUse[] {
  return [...usesUnder(program)];
}

function* usesUnder(node: SyntaxNode): Generator<ModuleUse> {
  if (isErased(node)) return;
  const names = namesTaken(node);
  const module = textOf(nodesIn(node, node.type === 'CallExpression' ? 'arguments' : 'source')[0]);
  if (module !== undefined && names.length > 0 && isModule(node, module)) {
    yield { module: module.replace(/^node:/, ''), names, start: node.start };
  }
  for (const part of Object.keys(node)) for (const child of nodesIn(node, part)) yield* usesUnder(child);
}

function namesTaken(node: SyntaxNode): readonly string[] {
  const specifiers = nodesIn(node, 'specifiers').filter((one) => !isErased(one));
  switch (node.type) {
    case 'ImportDeclaration':
      return isBare(node) ? ['*'] : specifiers.map((one) => nameOf(one, 'imported'));
    case 'ExportNamedDeclaration':
      return specifiers.map((one) => nameOf(one, 'local'));
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'CallExpression':
      return ['*'];
    default:
      return [];
  }
}

/** `import './module.ts'` */
const isBare = (node: SyntaxNode): boolean => nodesIn(node, 'specifiers').length === 0;

/** A default import and a namespace have no name at the exporter: they stand for the whole. */
function nameOf(specifier: SyntaxNode, part: string): string {
  const [name] = nodesIn(specifier, part);
  const given = name?.type === 'Identifier' ? String(name.name) : (textOf(name) ?? '*');
  return given === 'default' ? '*' : given;
}

/** A call names a module if its function loads some, or if no other text looks like that. */
function isModule(node: SyntaxNode, text: string): boolean {
  if (node.type !== 'CallExpression' || text.startsWith('node:')) return true;
  const [callee] = nodesIn(node, 'callee');
  const name = callee?.type === 'MemberExpression' ? callee.property : callee;
  return isNode(name) && LOADERS.includes(String(name.name));
}
