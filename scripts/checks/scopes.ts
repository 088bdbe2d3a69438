import { isErased, nodesIn, type SyntaxNode } from './syntax-tree.ts';

/** The names that a part of a module declares, and the part around it. */
export interface Scope {
  readonly names: ReadonlySet<string>;
  readonly outer: Scope | undefined;
}

export function isDeclared(name: string, scope: Scope | undefined): boolean {
  return scope !== undefined && (scope.names.has(name) || isDeclared(name, scope.outer));
}

/** The scope inside a node: the one around it, unless the node declares names of its own. */
export function scopeInside(node: SyntaxNode, outer: Scope | undefined): Scope | undefined {
  const names = namesDeclaredIn(node);
  return names.length === 0 ? outer : { names: new Set(names), outer };
}

function namesDeclaredIn(node: SyntaxNode): readonly string[] {
  switch (node.type) {
    case 'Program':
    case 'BlockStatement':
    case 'StaticBlock':
      return nodesIn(node, 'body').flatMap(namesOfStatement);
    case 'SwitchStatement':
      return nodesIn(node, 'cases').flatMap((one) => nodesIn(one, 'consequent').flatMap(namesOfStatement));
    case 'FunctionDeclaration':
    case 'ArrowFunctionExpression':
      return namesIn(node, 'params');
    case 'FunctionExpression':
      return [...namesIn(node, 'id'), ...namesIn(node, 'params')];
    case 'ClassExpression':
      return namesIn(node, 'id');
    case 'ForStatement':
      return nodesIn(node, 'init').flatMap(namesOfStatement);
    case 'ForInStatement':
    case 'ForOfStatement':
      return nodesIn(node, 'left').flatMap(namesOfStatement);
    case 'CatchClause':
      return namesIn(node, 'param');
    default:
      return [];
  }
}

function namesOfStatement(node: SyntaxNode): readonly string[] {
  if (isErased(node)) return [];
  switch (node.type) {
    case 'ExportNamedDeclaration':
    case 'ExportDefaultDeclaration':
      return nodesIn(node, 'declaration').flatMap(namesOfStatement);
    case 'VariableDeclaration':
      return nodesIn(node, 'declarations').flatMap((one) => namesIn(one, 'id'));
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return namesIn(node, 'id');
    case 'ImportDeclaration':
      return nodesIn(node, 'specifiers').flatMap((one) => namesIn(one, 'local'));
    default:
      return [];
  }
}

const namesIn = (node: SyntaxNode, part: string): readonly string[] =>
  nodesIn(node, part).flatMap(namesOfPattern);

function namesOfPattern(node: SyntaxNode): readonly string[] {
  switch (node.type) {
    case 'Identifier':
      return [String(node.name)];
    case 'ObjectPattern':
      return namesIn(node, 'properties');
    case 'Property':
      return namesIn(node, 'value');
    case 'ArrayPattern':
      return namesIn(node, 'elements');
    case 'AssignmentPattern':
      return namesIn(node, 'left');
    case 'RestElement':
      return namesIn(node, 'argument');
    default:
      return [];
  }
}
