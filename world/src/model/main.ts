import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BOUNDS, boundNamed } from './bound.ts';
import { MUTATIONS, mutationNamed } from './mutations/all.ts';
import type { Mutation } from './mutations/mutation.ts';
import { PRODUCTION, type Protocol } from './protocol.ts';
import { boundsTable, mutationsTable, type Outcome, trace } from './report.ts';
import { explore } from './search.ts';

const USAGE = `usage: npm run model -- [--bound NAME]… [--mutation NAME]… [--without-mutations] [--json]

Explores the redemption protocol, production's own rules and decisions, exhaustively within stated bounds.
  --bound NAME          only this bound: ${BOUNDS.map(({ name }) => name).join(', ')}
  --mutation NAME       only this planted bug, with its shortest counter-example step by step
  --without-mutations   the bounds alone
  --json                one JSON object instead of tables
exit 0: no violation, and every planted bug found · 1: otherwise · 2: usage`;

const say = (text: string): void => void writeSync(2, `${text}\n`);

interface Subject {
  readonly name: string;
  readonly about: string;
  readonly bound: string;
  readonly protocol: Protocol;
}

async function outcomeOf({ name, about, bound, protocol }: Subject): Promise<Outcome> {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const onProgress = (states: number, depth: number) => {
    if (states > 1) say(`${name}: ${states.toLocaleString('en-US')} states, ${depth} steps deep …`);
  };
  const exploration = await explore(boundNamed(bound), protocol, { onProgress });
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuSeconds = process.cpuUsage(cpuBefore).user / 1e6;
  say(`${name}: ${exploration.states.toLocaleString('en-US')} states in ${seconds.toFixed(1)} s`);
  return { name, about, bound, exploration, seconds, cpuSeconds };
}

/** One after another: they share two processors with everything else. */
async function outcomesOf(subjects: readonly Subject[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const subject of subjects) outcomes.push(await outcomeOf(subject));
  return outcomes;
}

function options() {
  const { values } = parseArgs({
    options: {
      bound: { type: 'string', multiple: true },
      mutation: { type: 'string', multiple: true },
      'without-mutations': { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const { bound, mutation } = values;
  const mutations: readonly Mutation[] = mutation?.map(mutationNamed) ?? (bound ? [] : MUTATIONS);
  return {
    help: values.help === true,
    json: values.json === true,
    isAboutMutations: mutation !== undefined,
    bounds: bound?.map(boundNamed) ?? (mutation ? [] : BOUNDS),
    mutations: values['without-mutations'] === true ? [] : mutations,
  };
}

async function main(): Promise<number> {
  let chosen: ReturnType<typeof options>;
  try {
    chosen = options();
  } catch (error) {
    say(`model: ${error instanceof Error ? error.message : error}\n${USAGE}`);
    return 2;
  }
  if (chosen.help) {
    console.log(USAGE);
    return 0;
  }
  const subjects = chosen.bounds.map(({ name, about }) => ({
    name,
    about,
    bound: name,
    protocol: PRODUCTION,
  }));
  const bounds = await outcomesOf(subjects);
  const mutations = await outcomesOf(chosen.mutations);
  const broken = bounds.filter(({ exploration }) => exploration.counterExample !== undefined);
  const alive = mutations.filter(({ exploration }) => exploration.counterExample === undefined);
  const memoryMb = Math.round(process.resourceUsage().maxRSS / 1024);
  if (chosen.json) console.log(JSON.stringify({ bounds, mutations, memoryMb }));
  else {
    if (bounds.length > 0) console.log(boundsTable(bounds));
    if (mutations.length > 0 && !chosen.isAboutMutations) console.log(`\n${mutationsTable(mutations)}`);
    for (const outcome of [...broken, ...(chosen.isAboutMutations ? mutations : [])])
      console.log(`\n${trace(outcome)}`);
    const states = [...bounds, ...mutations].reduce((sum, { exploration }) => sum + exploration.states, 0);
    const found = `${mutations.length - alive.length} of ${mutations.length} planted bugs found`;
    console.log(
      `\n${states.toLocaleString('en-US')} states, ${broken.length} bounds with a violation, ${found}, at most ${memoryMb} MB`,
    );
  }
  return broken.length + alive.length === 0 ? 0 : 1;
}

process.exitCode = await main();
