import {
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
  type YAMLParseError,
} from 'yaml';

/** A place in a file, counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface ConfigText {
  /** The parsed values; `{}` for an empty file. */
  readonly values: unknown;
  /** What the YAML parser complained about. */
  readonly problems: readonly { readonly at: Position; readonly message: string }[];
  /** The place of a value; of its nearest parent where there is no such value. */
  positionOf(path: readonly PropertyKey[]): Position;
  /** The place of a key in the map at `path`. */
  positionOfKey(path: readonly PropertyKey[], key: string): Position;
  has(path: readonly PropertyKey[]): boolean;
}

/** Parses YAML and remembers where everything stood. Never throws: problems are values. */
export function parseConfigText(text: string): ConfigText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const root = document.contents;
  // A key that stands twice hides nothing of what else is wrong.
  const isReadable = document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  return {
    values: isReadable ? (document.toJS({ maxAliasCount: 100 }) ?? {}) : {},
    problems: document.errors.map((error) => ({ at: at(error.pos[0]), message: messageOf(error) })),
    positionOf: (path) => at(offsetOf(nearestNode(root, path))),
    positionOfKey: (path, key) => at(keyOffset(nearestNode(root, path), key)),
    has: (path) => path.length > 0 && document.hasIn([...path]),
  };
}

function nearestNode(root: Node | null, path: readonly PropertyKey[]): Node | null {
  let node = root;
  for (const key of path) {
    const next = childOf(node, key);
    if (next === undefined) return node;
    node = next;
  }
  return node;
}

function childOf(node: Node | null, key: PropertyKey): Node | undefined {
  if (node === null || !('get' in node) || typeof node.get !== 'function') return undefined;
  return node.get(key, true) ?? undefined;
}

function keyOffset(node: Node | null, key: string): number {
  const pair = isMap(node) ? findPair(node, key) : undefined;
  const keyNode = pair?.key;
  return isScalar(keyNode) ? offsetOf(keyNode) : offsetOf(node);
}

function findPair(map: YAMLMap, key: string): { readonly key: unknown } | undefined {
  return map.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
}

function offsetOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}

function messageOf({ code, message }: YAMLParseError): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; one is all there can be';
  return message.split('\n', 1)[0] ?? message;
}
