import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Random, seededRandom } from '@tapwatt/simulator';
import { afterAll, describe, it } from 'vitest';
import { judge } from './judge.ts';
import { registersInFiles } from './processes/registers-in-files.ts';
import { createTown, type Role, type TownOfProcesses } from './processes/town-of-processes.ts';
import { untilQuiet } from './processes/until-quiet.ts';
import { until } from './until.ts';

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 100);
const SEED = Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** No round begins after so long, on a machine too busy for all of them. */
const LONGEST_MS = 150_000;
/** The town lives so long at the most, ms, after its first answer, before something is killed. */
const MAX_LIFE_MS = 200;
/** Every so many rounds the next kill comes while the killed ones still start, after so long at the most, ms. */
const IMPATIENT = 1 / 6;
const MAX_START_MS = 600;
const TWO_AT_ONCE = 1 / 3;
const ANSWER_DEADLINE_MS = 30_000;
const MINUTE_MS = 60_000;
/** Rounds a minute, on two processors that nothing else uses. */
const GOAL = 60;

/** One role, or two of them. */
function victimsOf(roles: readonly Role[], random: Random): readonly Role[] {
  const one = roles[random.below(roles.length)];
  const two = random.next() < TWO_AT_ONCE ? roles[random.below(roles.length)] : one;
  return roles.filter((role) => role === one || role === two);
}

/** Kill, start again, everything up, an answer to a handset in this life, some life. Tells whether it came so far. */
async function round(
  { roles, kill, launch, up, hearsay }: TownOfProcesses,
  random: Random,
): Promise<boolean> {
  const victims = victimsOf(roles, random);
  await kill(victims);
  launch(victims);
  if (random.next() < IMPATIENT) {
    await pause(random.next() * MAX_START_MS);
    return false;
  }
  await up();
  const before = hearsay.answers;
  await until(
    `an answer after ${victims.join(' and ')} came back`,
    () => hearsay.answers > before || undefined,
    ANSWER_DEADLINE_MS,
  );
  await pause(random.next() * MAX_LIFE_MS);
  return true;
}

interface Tally {
  readonly rounds: number;
  /** Rounds that lived until an answer; the others were killed while they started. */
  readonly lived: number;
  readonly fromMs: number;
  readonly toMs: number;
}

async function killAgainAndAgain(town: TownOfProcesses, random: Random): Promise<Tally> {
  const fromMs = performance.now();
  let rounds = 0;
  let lived = 0;
  for (; rounds < ROUNDS && performance.now() < fromMs + LONGEST_MS; rounds += 1) {
    if (await round(town, random)) lived += 1;
  }
  return { rounds, lived, fromMs, toMs: performance.now() };
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const settledIn = ({ hearsay }: TownOfProcesses): number =>
  hearsay.history.requests.filter(({ statuses }) => statuses.includes('settled')).length;

function sayTally({ rounds, lived }: Tally, town: TownOfProcesses): void {
  const { answers, history } = town.hearsay;
  say(
    `${town.roles.join(', ')}: ${rounds} rounds, ${lived} of them until an answer and the others killed while they started; ` +
      `${answers} answers to ${history.requests.length} requests, ${settledIn(town)} settled`,
  );
}

const tallies: Tally[] = [];

afterAll(() => {
  const rounds = tallies.reduce((sum, tally) => sum + tally.rounds, 0);
  const lastedMs =
    Math.max(...tallies.map(({ toMs }) => toMs)) - Math.min(...tallies.map(({ fromMs }) => fromMs));
  say(
    `${rounds} rounds in ${Math.round(lastedMs / 1_000)} s: ${((rounds * MINUTE_MS) / lastedMs).toFixed(1)} a minute (goal: ${GOAL})`,
  );
});

/** One town a processor: what a start waits for is mostly its own computing. */
describe.concurrent.each([
  { what: 'gateway, broker and simulator', broker: 'own' as const },
  { what: 'a gateway with its broker, and simulator', broker: 'built-in' as const },
])(`$what killed with -9 under load (KILL_SEED=${SEED} KILL_ROUNDS=${ROUNDS})`, ({ broker }) => {
  it('keep I1 to I5 and I7, and every answer that a handset heard', async ({ expect, onTestFinished }) => {
    const directory = await mkdtemp(join(tmpdir(), 'tapwatt-kill-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const town = await createTown({ directory, broker, meters: 8, handsets: 3, seed: SEED });
    onTestFinished(() => town.kill(town.roles));
    town.launch(town.roles);
    await town.up();
    const tally = await killAgainAndAgain(town, seededRandom(SEED));
    tallies.push(tally);
    await town.up();
    town.calm();
    await untilQuiet(town);
    await town.kill(town.roles);
    sayTally(tally, town);
    const { dataDirectory, state, fleet, hearsay } = town;
    const registers = registersInFiles(fleet, state);
    expect(await judge(dataDirectory, { registers, history: hearsay.history })).toEqual([]);
    expect(tally.lived).toBeGreaterThan(tally.rounds / 2);
    expect(settledIn(town)).toBeGreaterThan(tally.rounds);
  });
});
