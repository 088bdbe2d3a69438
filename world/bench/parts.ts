import type { Say } from './bench-town.ts';

/** The parts of a benchmark that are named, or all. Throws a plain Error for one that does not exist. */
export function partsOf<P extends string>(
  bench: string,
  parts: Readonly<Record<P, unknown>>,
  names: readonly string[],
): readonly P[] {
  const all = Object.keys(parts) as P[];
  const unknown = names.find((name) => !all.some((part) => part === name));
  if (unknown !== undefined) throw new Error(`${bench} ${unknown}: it is one of ${all.join(', ')}.`);
  return names.length === 0 ? all : all.filter((part) => names.includes(part));
}

/** Runs parts one after another; answers their reports by their names. */
export async function inTurn<P extends string>(
  parts: readonly P[],
  say: Say,
  run: (part: P) => Promise<unknown>,
): Promise<Record<string, unknown>> {
  const report: Record<string, unknown> = {};
  for (const part of parts) {
    say(`${part}:`);
    report[part] = await run(part);
  }
  return report;
}
