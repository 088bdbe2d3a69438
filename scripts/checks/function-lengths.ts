/** A named function or method found in a module's text. */
export interface FunctionLength {
  readonly name: string;
  readonly line: number;
  readonly length: number;
}

const START =
  /^(\s*)(?:export\s+)?(?:default\s+)?(?:(?:async\s+)?function\*?\s+([\w$]+)|(?:const|let)\s+([\w$]+)\s*=\s*(?:async\s*)?(?:\([^)]*|[\w$]+\s*=>)|(?:(?:public|private|static|async|override|get|set)\s+)*\*?(#?[\w$]+)\s*(?:<[^>]*>)?\([^;]*)/;
const KEYWORDS = new Set([
  'if',
  'for',
  'while',
  'switch',
  'catch',
  'return',
  'await',
  'else',
  'do',
  'try',
  'super',
  'throw',
]);

/**
 * The lengths in lines of named functions, judged by indentation: Biome closes a block at the column that opened it.
 */
export function functionLengths(text: string): FunctionLength[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const match = START.exec(line);
    const name = match?.[2] ?? match?.[3] ?? match?.[4];
    if (match === null || name === undefined || KEYWORDS.has(name)) return [];
    const length = blockLength(lines, index, match[1] ?? '');
    return length === undefined ? [] : [{ name, line: index + 1, length }];
  });
}

/** Lines from an opening one to the `}` at its own indentation; undefined if the statement opens no block. */
function blockLength(lines: readonly string[], start: number, indent: string): number | undefined {
  const first = lines[start] ?? '';
  if (!/[{(]$/.test(first.trimEnd())) return undefined;
  for (let at = start + 1; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const isDeeper = line.trim() === '' || line.startsWith(`${indent} `);
    if (isDeeper) continue;
    if (line.startsWith(`${indent})`) && line.trimEnd().endsWith('{')) continue;
    return line.startsWith(`${indent}}`) ? at - start + 1 : undefined;
  }
  return undefined;
}
