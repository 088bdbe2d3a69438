/**
 * What a module imports and exports, read from its text. A scanner for code that Biome has formatted, not a parser, for
 * names of types count here too; what a module does when it runs is read from its syntax tree.
 */
export interface ModuleText {
  readonly imports: readonly ImportText[];
  readonly exports: readonly ExportText[];
  /** String literals that look like a path of a script: workers, spawned files, URLs. */
  readonly scriptNames: readonly string[];
}

/** `names` are the exporter's names; `*` means all of them. */
export interface ImportText {
  readonly specifier: string;
  readonly names: readonly string[];
  readonly line: number;
}

export interface ExportText {
  readonly name: string;
  readonly isType: boolean;
  readonly line: number;
  /** How often the name stands in the module, its export included. */
  readonly uses: number;
}

const LITERALS = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;
const IMPORT_FROM =
  /\bimport\s+(?:type\s+)?(?:([\w$]+)\s*,?\s*)?(?:(\*)\s+as\s+[\w$]+|\{([^}]*)\})?\s*from\s*['"]([^'"]+)['"]/g;
const IMPORT_ONLY = /\bimport\s*\(?\s*['"]([^'"]+)['"]/g;
const EXPORT_FROM =
  /\bexport\s+(?:type\s+)?(?:(\*)(?:\s+as\s+[\w$]+)?|\{([^}]*)\})\s*from\s*['"]([^'"]+)['"]/g;
const EXPORT_LIST = /\bexport\s+(type\s+)?\{([^}]*)\}(?!\s*from\b)/g;
const EXPORT_DECLARED =
  /\bexport\s+(?:declare\s+)?(default\s+)?(?:(?:(?:async\s+)?function\*?|const|let|(?:abstract\s+)?class)|(interface|type))\s+([\w$]+)/g;
const SCRIPT_NAME = /['"`]([\w./-]+\.(?:ts|js|mjs))['"`]/g;

/** The text with comments blanked, and, if asked, with quoted strings emptied; every line keeps its number. */
export function withoutComments(text: string, { strings = true } = {}): string {
  return text.replace(LITERALS, (literal) => {
    if (literal.startsWith('/')) return literal.replace(/[^\n]/g, ' ');
    return strings || literal.startsWith('`') ? literal : `''`;
  });
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** Reads a module's text. */
export function readModule(text: string): ModuleText {
  const code = withoutComments(text);
  return {
    imports: importsOf(code),
    exports: exportsOf(code),
    scriptNames: [...code.matchAll(SCRIPT_NAME)].map((m) => m[1] ?? ''),
  };
}

function importsOf(code: string): ImportText[] {
  const found: ImportText[] = [];
  const add = (specifier: string | undefined, names: string[], index: number) =>
    found.push({ specifier: specifier ?? '', names, line: lineAt(code, index) });
  for (const match of code.matchAll(IMPORT_FROM)) {
    const [, defaultName, star, list, specifier] = match;
    const names = [...(star === undefined ? [] : ['*']), ...(defaultName === undefined ? [] : ['default'])];
    add(specifier, [...names, ...namesOf(list)], match.index);
  }
  for (const match of code.matchAll(IMPORT_ONLY)) add(match[1], ['*'], match.index);
  for (const match of code.matchAll(EXPORT_FROM)) {
    const [, star, list, specifier] = match;
    add(specifier, star === undefined ? namesOf(list) : ['*'], match.index);
  }
  return found;
}

function exportsOf(code: string): ExportText[] {
  const found: ExportText[] = [];
  const add = (name: string, isType: boolean, index: number) =>
    found.push({ name, isType, line: lineAt(code, index), uses: countWord(code, name) });
  for (const match of code.matchAll(EXPORT_DECLARED)) {
    const [, isDefault, typeWord, name] = match;
    add(isDefault === undefined ? (name ?? '') : 'default', typeWord !== undefined, match.index);
  }
  for (const match of code.matchAll(EXPORT_LIST)) {
    for (const name of exportedNamesOf(match[2])) add(name, match[1] !== undefined, match.index);
  }
  for (const match of code.matchAll(/\bexport\s+default\b(?!\s+(?:(?:async\s+)?function|class)\s+\w)/g)) {
    add('default', false, match.index);
  }
  return found;
}

/** `a, b as c, type D` → a, b, D */
function namesOf(list: string | undefined): string[] {
  return items(list).map((item) => item.split(/\s+as\s+/)[0] ?? item);
}

/** `a, b as c` → a, c */
function exportedNamesOf(list: string | undefined): string[] {
  return items(list).map((item) => item.split(/\s+as\s+/).at(-1) ?? item);
}

function items(list: string | undefined): string[] {
  const parts = (list ?? '').split(',').map((part) => part.trim().replace(/^type\s+/, ''));
  return parts.filter((part) => part !== '');
}

function countWord(code: string, name: string): number {
  return code.split(new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`)).length - 1;
}
