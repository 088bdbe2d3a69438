import { parseAst } from 'rolldown/parseAst';

/** A node of a module's syntax tree: ESTree's, and TypeScript's own, whose types begin with `TS`. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly [part: string]: unknown;
}

/** Nodes that stand around an expression and leave its value as it is. */
const WRAPPERS: readonly string[] = [
  'ParenthesizedExpression',
  'ChainExpression',
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
];

/** Throws what the parser has to say of a text that is no TypeScript. */
export function parseModule(text: string): SyntaxNode {
  return parseAst(text, { lang: 'ts' }) as unknown as SyntaxNode;
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string';
}

/** The node in a part, or the nodes in the list there. */
export function nodesIn(node: SyntaxNode, part: string): readonly SyntaxNode[] {
  const value = node[part];
  return (Array.isArray(value) ? value : [value]).filter(isNode);
}

export function isWrapper({ type }: SyntaxNode): boolean {
  return WRAPPERS.includes(type);
}

/** Types, and what is only declared to the compiler: nothing of it is there when the module runs. */
export function isErased(node: SyntaxNode): boolean {
  const isTypeOnly = node.importKind === 'type' || node.exportKind === 'type';
  return node.declare === true || isTypeOnly || (node.type.startsWith('TS') && !isWrapper(node));
}

/** The text of a string literal, or of a template without expressions. */
export function textOf(node: SyntaxNode | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type !== 'TemplateLiteral' || nodesIn(node, 'expressions').length > 0) return undefined;
  const [text] = nodesIn(node, 'quasis');
  return (text?.value as { readonly cooked?: string } | undefined)?.cooked;
}
