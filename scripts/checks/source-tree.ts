import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const SKIPPED = new Set(['node_modules', '.git', 'coverage', '__pycache__']);
const MAX_FILES = 20_000;

/** The repository's text files by path from the root, with `/` between names, read when asked for. */
export interface SourceTree {
  readonly files: readonly string[];
  has(file: string): boolean;
  read(file: string): string;
}

/** The tree under `root`, without node_modules and data folders. */
export function readTree(root: string): SourceTree {
  const files = [...walk(root, '')].sort();
  const known = new Set(files);
  const texts = new Map<string, string>();
  return {
    files,
    has: (file) => known.has(file),
    read(file) {
      const text = texts.get(file) ?? readFileSync(path.join(root, file), 'utf8');
      texts.set(file, text);
      return text;
    },
  };
}

/** A tree of given texts, for tests. */
export function treeOf(texts: Readonly<Record<string, string>>): SourceTree {
  return {
    files: Object.keys(texts).sort(),
    has: (file) => Object.hasOwn(texts, file),
    read(file) {
      const text = texts[file];
      if (text === undefined) throw new Error(`no ${file} in this tree`);
      return text;
    },
  };
}

export function isCode(file: string): boolean {
  return /\.(ts|js|mjs)$/.test(file);
}

function* walk(root: string, folder: string, budget = { left: MAX_FILES }): Generator<string> {
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const file = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      const isData = folder === '' && /^data(-|$)/.test(entry.name);
      if (!isData && !SKIPPED.has(entry.name)) yield* walk(root, file, budget);
    } else if (entry.isFile()) {
      budget.left -= 1;
      if (budget.left < 0) throw new Error(`more than ${MAX_FILES} files under ${root}`);
      yield file;
    }
  }
}
