import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Random, seededRandom } from '@tapwatt/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import { registersInFiles } from './processes/registers-in-files.ts';
import { createTown, type Role, type TownOfProcesses } from './processes/town-of-processes.ts';
import { until } from './until.ts';

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 120);
const SEED = Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** The town lives so long at the most, ms, after its first answer, before something is killed. */
const MAX_LIFE_MS = 250;
/** Every so many rounds the next kill comes while the killed ones still start, after so long at the most, ms. */
const IMPATIENT = 1 / 8;
const MAX_START_MS = 600;
const TWO_AT_ONCE = 1 / 3;
const ANSWER_DEADLINE_MS = 20_000;
const CALM_DEADLINE_MS = 60_000;
const MINUTE_MS = 60_000;

let directory: string;
let town: TownOfProcesses | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tapwatt-kill-'));
});
afterEach(async () => {
  await town?.kill(town.roles);
  town = undefined;
  await rm(directory, { recursive: true, force: true });
});

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

/** Every request has its final answer and no money is held for an open voucher. */
async function untilQuiet({ hearsay, held }: TownOfProcesses): Promise<void> {
  const endMs = Date.now() + CALM_DEADLINE_MS;
  for (;;) {
    const left = hearsay.outstanding();
    if (left.length === 0 && (await held()) === '0') return;
    if (Date.now() > endMs) throw new Error(`Not quiet: ${left.join(', ')}; held ${await held()}`);
    await pause(50);
  }
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

describe.each([
  { broker: 'own' as const, rounds: ROUNDS, what: 'gateway, broker and simulator' },
  {
    broker: 'built-in' as const,
    rounds: Math.ceil(ROUNDS / 4),
    what: 'gateway with its broker, and simulator',
  },
])(
  `$what: processes killed with -9 in $rounds rounds under load (KILL_SEED=${SEED})`,
  ({ broker, rounds }) => {
    it('keep I1 to I5 and I7, and every answer that a handset heard', async () => {
      const random = seededRandom(SEED);
      const running = await createTown({ directory, broker, meters: 8, handsets: 3, seed: SEED });
      town = running;
      running.launch(running.roles);
      await running.up();
      const startedMs = performance.now();
      let lived = 0;
      for (let count = 1; count <= rounds; count += 1) {
        if (await round(running, random)) lived += 1;
        if (count % 20 === 0) say(`round ${count} of ${rounds}`);
      }
      const elapsedMs = performance.now() - startedMs;
      await running.up();
      running.calm();
      await untilQuiet(running);
      await running.kill(running.roles);
      const { dataDirectory, state, fleet, hearsay } = running;
      const registers = registersInFiles(fleet, state);
      const { history } = hearsay;
      expect(await judge(dataDirectory, { registers, history })).toEqual([]);
      const settled = history.requests.filter(({ statuses }) => statuses.includes('settled')).length;
      say(
        `${rounds} rounds in ${Math.round(elapsedMs / 1_000)} s: ${((rounds * MINUTE_MS) / elapsedMs).toFixed(1)} a minute; ` +
          `${lived} lived until an answer, the others were killed while they started; ` +
          `${hearsay.answers} answers to ${history.requests.length} requests, ${settled} settled`,
      );
      expect(lived).toBeGreaterThan(rounds / 2);
      expect(settled).toBeGreaterThan(rounds);
    });
  },
);
