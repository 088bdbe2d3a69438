import { readFile, writeFile } from 'node:fs/promises';
import { whatRan } from '../what-ran.ts';
import { exploreAll } from './explorers.ts';
import { type ModelOptions, readOptions, USAGE } from './options.ts';
import type { Outcome, Subject } from './outcome.ts';
import { boundsTable, count, mutationsTable, summary, trace, written } from './report.ts';
import { inPlace } from './report-place.ts';

/** What takes longer says how far it is. */
const SILENCE_MS = 2_000;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Both kinds in one run, so that no processor waits: bounds take longest and come first. */
async function outcomesOf({ bounds, mutations, workers }: ModelOptions) {
  const saidAt = new Map<string, number>();
  const onProgress = ({ name }: Subject, { states, depth }: { states: number; depth: number }) => {
    const now = performance.now();
    const before = saidAt.get(name) ?? now;
    saidAt.set(name, before);
    if (now - before < SILENCE_MS) return;
    saidAt.set(name, now);
    say(`${name}: ${count(states)} states, ${depth} steps deep …`);
  };
  const onOutcome = ({ name, exploration, cpuSeconds }: Outcome) =>
    say(`${name}: ${count(exploration.states)} states in ${cpuSeconds.toFixed(1)} s of one processor`);
  const outcomes = await exploreAll([...mutations, ...bounds], { workers, onProgress, onOutcome });
  return { bounds: outcomes.slice(mutations.length), mutations: outcomes.slice(0, mutations.length) };
}

type Run = Awaited<ReturnType<typeof outcomesOf>>;

function print({ bounds, mutations }: Run): void {
  const broken = bounds.filter(({ exploration }) => exploration.counterExample !== undefined);
  if (bounds.length > 0) console.log(`${boundsTable(bounds)}\n`);
  for (const outcome of [...broken, ...mutations]) console.log(`${trace(outcome)}\n`);
  if (mutations.length > 0) console.log(`${mutationsTable(mutations)}\n`);
  console.log(summary(bounds, mutations));
}

async function report({ file, place }: NonNullable<ModelOptions['report']>, tables: string): Promise<void> {
  await writeFile(file, inPlace(await readFile(file, 'utf8'), place, tables));
  say(`Written to ${file}.`);
}

async function main(): Promise<number> {
  let options: ModelOptions | undefined;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    say(`model: ${error instanceof Error ? error.message : error}\n${USAGE}`);
    return 2;
  }
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  const ran = whatRan();
  const started = performance.now();
  const run = await outcomesOf(options);
  const seconds = (performance.now() - started) / 1_000;
  const { workers, report: asked, json } = options;
  if (json) console.log(JSON.stringify(run));
  else print(run);
  if (asked !== undefined) await report(asked, written({ ...run, ran, seconds, workers }));
  const broken = run.bounds.filter(({ exploration }) => exploration.counterExample !== undefined);
  const alive = run.mutations.filter(({ exploration }) => exploration.counterExample === undefined);
  return broken.length + alive.length === 0 ? 0 : 1;
}

process.exitCode = await main();
