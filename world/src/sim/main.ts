import { writeFile } from 'node:fs/promises';
import { whatRan } from '../what-ran.ts';
import { commandOfMany } from './run/command.ts';
import { type RunOptions, readOptions, USAGE } from './run/options.ts';
import { progressOf } from './run/progress.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const narrate = (line: string): void => void process.stderr.write(`${line}\n`);
const tell = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs worlds as the command line says; answers the exit code. */
export const runWorlds = async (args: readonly string[]): Promise<number> => {
  // Whoever reads a trace with `head` has seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  let options: RunOptions | undefined;
  try {
    options = readOptions(args);
  } catch (error) {
    narrate(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    return EXIT_USAGE;
  }
  if (options === undefined) {
    tell(USAGE);
    return 0;
  }
  if (options.report !== undefined) return report(options, options.report);
  if (options.mutations) return (await hunt(options)).code;
  return options.seed === undefined ? (await many(options)).code : one(options, options.seed);
};

const many = async (options: RunOptions) => {
  const { runMany } = await import('./run/run-many.ts');
  const { totals, seconds } = await runMany(options, narrate);
  const kinds = { fault: totals.faults, 'crash point': totals.crashPoints, done: totals.work };
  for (const [name, counts] of Object.entries(kinds)) {
    for (const [what, count] of [...counts].sort()) narrate(`${name}: ${what}: ${count}`);
  }
  const { limits, baseSeed, twice, mutation } = options;
  tell(`the same worlds: ${commandOfMany({ ...limits, baseSeed, twice, seeds: totals.seeds }, mutation)}`);
  if (totals.compared > 0) tell(`hash over the hashes of those run twice: ${totals.hashOfCompared}`);
  tell(totals.line(seconds));
  const missed = options.isFull && totals.failed.length === 0 ? totals.neverCrashedAt : [];
  for (const point of missed) tell(`NEVER CRASHED: no world died ${point}`);
  return { totals, seconds, code: totals.failed.length + missed.length === 0 ? 0 : EXIT_FAILED };
};

const hunt = async (options: RunOptions) => {
  const { huntAll } = await import('./run/hunt.ts');
  const hunted = await huntAll(options, narrate);
  const seen = hunted.filter(({ caught }) => caught !== undefined).length;
  tell(`${seen} of ${hunted.length} planted bugs seen`);
  return { hunted, code: seen === hunted.length ? 0 : EXIT_FAILED };
};

const report = async (options: RunOptions, file: string): Promise<number> => {
  const { reportOf } = await import('./run/report.ts');
  const ran = whatRan();
  const worlds = await many(options);
  if (worlds.totals.failed.length > 0) return worlds.code;
  const bugs = await hunt({ ...options, fresh: true, keepHints: true });
  await writeFile(file, reportOf({ ...worlds, ...bugs, options, ran }));
  narrate(`Written to ${file}.`);
  return worlds.code === 0 ? bugs.code : worlds.code;
};

/** In this very process, so that the trace comes out line by line. */
const one = async ({ trace, limits, mutation }: RunOptions, seed: number): Promise<number> => {
  const { plant } = await import('./mutations/plant.ts');
  if (mutation !== undefined) plant(mutation);
  // Nothing of production may be loaded before the bug is planted, nor Aedes before the globals are replaced.
  const { replaceGlobals } = await import('./kernel/globals.ts');
  replaceGlobals();
  const { runSeed } = await import('./run-seed.ts');
  const result = await runSeed({ seed, ...limits, onTrace: trace ? tell : progressOf(seed, narrate) });
  for (const violation of result.violations) narrate(violation);
  const faults = Object.values(result.faults).reduce((sum, count) => sum + count, 0);
  tell(`seed ${seed}: ${result.events} events, ${faults} faults, hash ${result.hash}`);
  return result.violations.length === 0 ? 0 : EXIT_FAILED;
};
