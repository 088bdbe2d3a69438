import type { Finding } from './finding.ts';
import { lineAt, withoutComments } from './module-text.ts';

/** What a piece of text takes from the machine, and how that is told. */
export type MachineUse = readonly [pattern: RegExp, what: string];

/** Clocks, timers and randomness that are there without being passed in. */
export const CLOCK_AND_CHANCE: readonly MachineUse[] = [
  [/\bDate\.now\b|\bnew Date\(\)/g, 'reads the clock'],
  [/\bperformance\.now\b|\bprocess\.(?:hrtime|uptime)\b/g, 'reads the clock'],
  [/\bMath\.random\b|\brandom(?:Bytes|UUID|Int|FillSync)\s*\(|\bgetRandomValues\b/g, 'makes randomness'],
  [/(?<![.\w])set(?:Timeout|Interval)\s*\(|\bAbortSignal\.timeout\b/g, 'sets a timer'],
];

/** Every place where the code of a file does one of these. */
export function usesOf(
  uses: readonly MachineUse[],
  { file, text, remedy }: { readonly file: string; readonly text: string; readonly remedy: string },
): Finding[] {
  const code = withoutComments(text, { strings: false });
  return uses.flatMap(([pattern, what]) =>
    [...code.matchAll(pattern)].map((match) => ({
      file,
      line: lineAt(code, match.index),
      message: `${match[0]} ${what}; ${remedy}`,
    })),
  );
}
