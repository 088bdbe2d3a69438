import { isDeclared, type Scope, scopeInside } from './scopes.ts';
import { isErased, isNode, isWrapper, nodesIn, type SyntaxNode, textOf } from './syntax-tree.ts';

/** One use of a name that the module does not declare itself. */
export interface GlobalUse {
  /** The name and what is read of it: `Date.now` is `Date`, `now`. `*` stands for what is only known when it runs. */
  readonly path: readonly string[];
  /** Only compared with (`instanceof`, `typeof`), or made with arguments (`new Date(0)`). */
  readonly as: 'compared' | 'made-of-arguments' | 'taken';
  readonly start: number;
}

/** A node where it stands. */
interface Place {
  readonly node: SyntaxNode;
  readonly part: string;
  readonly parent: Place | undefined;
  readonly scope: Scope | undefined;
}

/** What all global names are members of. */
const GLOBAL_OBJECTS: readonly string[] = ['globalThis', 'global', 'window', 'self'];

/** Parts in which an identifier is only a word: of a member, a label, an export. Computed ones are expressions. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  MemberExpression: ['property'],
  Property: ['key'],
  MethodDefinition: ['key'],
  PropertyDefinition: ['key'],
  AccessorProperty: ['key'],
  LabeledStatement: ['label'],
  BreakStatement: ['label'],
  ContinueStatement: ['label'],
  MetaProperty: ['meta', 'property'],
  ExportSpecifier: ['exported'],
  ExportAllDeclaration: ['exported'],
};

/** Every use of global names in a module, with what is read of them by members or by patterns. */
export function globalUses(program: SyntaxNode): GlobalUse[] {
  return [...usesUnder({ node: program, part: '', parent: undefined, scope: undefined })];
}

function* usesUnder(place: Place): Generator<GlobalUse> {
  const { node } = place;
  if (isErased(node) || node.type === 'ImportDeclaration' || isExportFromElsewhere(node)) return;
  if (node.type === 'Identifier' && isGlobal(place)) yield* usesAt(place);
  const scope = scopeInside(node, place.scope);
  for (const part of Object.keys(node)) {
    for (const child of nodesIn(node, part)) yield* usesUnder({ node: child, part, parent: place, scope });
  }
}

const isExportFromElsewhere = ({ type, source }: SyntaxNode): boolean =>
  type === 'ExportNamedDeclaration' && isNode(source);

function isGlobal({ node, part, parent, scope }: Place): boolean {
  const isWord = WORDS[parent?.node.type ?? '']?.includes(part) === true && parent?.node.computed !== true;
  return !isWord && !isDeclared(String(node.name), scope);
}

function usesAt(place: Place): GlobalUse[] {
  const path = [String(place.node.name)];
  let at = place;
  for (let next = readOf(at, path); next !== undefined; next = readOf(at, path)) at = next;
  const as = wayOfUse(at);
  const { start } = place.node;
  return pathsTaken(at, path).map((taken) => ({ path: withoutGlobalObject(taken), as, start }));
}

/** The expression around that still is this value or a member of it, whose name is added to the path. */
function readOf({ part, parent }: Place, path: string[]): Place | undefined {
  if (parent === undefined || isWrapper(parent.node)) return parent;
  if (parent.node.type !== 'MemberExpression' || part !== 'object') return undefined;
  path.push(nameOfKey(parent.node, 'property'));
  return parent;
}

function wayOfUse({ part, parent }: Place): GlobalUse['as'] {
  if (parent === undefined) return 'taken';
  const { type, operator } = parent.node;
  if (type === 'BinaryExpression' && operator === 'instanceof' && part === 'right') return 'compared';
  if (type === 'UnaryExpression' && operator === 'typeof') return 'compared';
  if (type !== 'NewExpression' || part !== 'callee') return 'taken';
  const [first] = nodesIn(parent.node, 'arguments');
  return first === undefined || first.type === 'SpreadElement' ? 'taken' : 'made-of-arguments';
}

/** The path, or one for each name that a pattern takes out of it: `const { now } = Date`. */
function pathsTaken({ part, parent }: Place, path: readonly string[]): (readonly string[])[] {
  const [into, from] = parent?.node.type === 'VariableDeclarator' ? ['id', 'init'] : ['left', 'right'];
  if (parent === undefined || part !== from) return [path];
  return nodesIn(parent.node, into).flatMap((pattern) => pathsOfPattern(pattern, path));
}

function pathsOfPattern(pattern: SyntaxNode, path: readonly string[]): (readonly string[])[] {
  if (pattern.type === 'AssignmentPattern') {
    return nodesIn(pattern, 'left').flatMap((left) => pathsOfPattern(left, path));
  }
  if (pattern.type !== 'ObjectPattern') return [path];
  return nodesIn(pattern, 'properties').flatMap((property) =>
    property.type === 'RestElement'
      ? [[...path, '*']]
      : nodesIn(property, 'value').flatMap((value) =>
          pathsOfPattern(value, [...path, nameOfKey(property, 'key')]),
        ),
  );
}

function nameOfKey(node: SyntaxNode, part: string): string {
  const [key] = nodesIn(node, part);
  if (node.computed !== true && key?.type === 'Identifier') return String(key.name);
  return textOf(key) ?? '*';
}

/** `globalThis.setTimeout` is `setTimeout`; any global object as a whole, or any member of it, is `globalThis`. */
function withoutGlobalObject(path: readonly string[]): readonly string[] {
  const [first = '', ...rest] = path;
  if (!GLOBAL_OBJECTS.includes(first)) return path;
  return rest.length === 0 || rest[0] === '*' ? ['globalThis'] : withoutGlobalObject(rest);
}
