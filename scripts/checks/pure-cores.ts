import { isForTests, isUnder, PURE_EXCEPT, PURE_FOLDERS, PURE_MAY_IMPORT } from './architecture.ts';
import type { Finding } from './finding.ts';
import { lineAt, readModule, withoutComments } from './module-text.ts';
import { isCode, type SourceTree } from './source-tree.ts';

const IMPURE: readonly [RegExp, string][] = [
  [/\bDate\.now\b|\bnew Date\(\)/g, 'reads the clock'],
  [/\bperformance\.now\b|\bprocess\.hrtime\b/g, 'reads the clock'],
  [/\bMath\.random\b|\brandom(?:Bytes|UUID|Int|FillSync)\s*\(|\bgetRandomValues\b/g, 'makes randomness'],
  [/\bset(?:Timeout|Interval|Immediate)\s*\(/g, 'sets a timer'],
  [/\bprocess\.\w+|\bconsole\.\w+|\bfetch\s*\(/g, 'touches the world'],
];

/** Finds clocks, randomness, timers and I/O in the folders declared pure; their tests may use what they like. */
export function checkPureCores(tree: SourceTree): Finding[] {
  const isPure = (file: string) =>
    PURE_FOLDERS.some((folder) => isUnder(file, folder)) &&
    !PURE_EXCEPT.some((folder) => isUnder(file, folder));
  return tree.files
    .filter((file) => isCode(file) && !isForTests(file) && isPure(file))
    .flatMap((file) => [...globalsIn(file, tree.read(file)), ...importsIn(file, tree.read(file))]);
}

function globalsIn(file: string, text: string): Finding[] {
  const code = withoutComments(text, { strings: false });
  return IMPURE.flatMap(([pattern, what]) =>
    [...code.matchAll(pattern)].map((match) => ({
      file,
      line: lineAt(code, match.index),
      message: `${match[0]} ${what}; this folder is pure: pass it in`,
    })),
  );
}

function importsIn(file: string, text: string): Finding[] {
  return readModule(text)
    .imports.filter(({ specifier }) => specifier.startsWith('node:') && !PURE_MAY_IMPORT.includes(specifier))
    .map(({ specifier, line }) => ({ file, line, message: `${specifier} in a pure folder` }));
}
