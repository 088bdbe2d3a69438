import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SeedResult } from '../run-seed.ts';
import type { WorldAnswer, WorldRequest } from './protocol.ts';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));
/** A world takes seconds; one that takes so long will never end. */
const SEED_DEADLINE_MS = 600_000;

interface Hand {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
}

/** Processes that run worlds side by side. */
export interface Crew {
  /** The result of one world, in a process of its own for as long as it takes. */
  run(request: WorldRequest): Promise<SeedResult>;
  close(): void;
}

/** A crew of so many; with `mutation`, all of them run production code with that bug planted. */
export const hireCrew = (size: number, mutation?: string): Crew => {
  const idle: Hand[] = Array.from({ length: size }, () => hire(mutation));
  const all = new Set(idle);
  const waiting: ((hand: Hand) => void)[] = [];

  const release = (hand: Hand): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(hand);
    else next(hand);
  };
  const replace = (hand: Hand): Hand => {
    all.delete(hand);
    hand.child.kill('SIGKILL');
    const fresh = hire(mutation);
    all.add(fresh);
    return fresh;
  };
  return {
    async run(request) {
      const hand = idle.pop() ?? (await new Promise<Hand>((resolve) => waiting.push(resolve)));
      await hand.ready;
      const answer = await askOf(hand.child, request);
      release('failed' in answer ? replace(hand) : hand);
      return 'result' in answer ? answer.result : brokenOff(request.seed, answer.failed);
    },
    close() {
      for (const { child } of all) child.kill('SIGKILL');
    },
  };
};

const hire = (mutation: string | undefined): Hand => {
  const child = fork(WORKER, mutation === undefined ? [] : [mutation], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`A world's process ended with ${code} before it began.`)));
  });
  ready.catch(() => undefined);
  return { child, ready };
};

const askOf = (child: ChildProcess, request: WorldRequest): Promise<WorldAnswer> =>
  new Promise((resolve) => {
    const done = (answer: WorldAnswer): void => {
      clearTimeout(late);
      child.off('message', heard);
      child.off('exit', ended);
      resolve(answer);
    };
    const heard = (message: unknown): void => done(message as WorldAnswer);
    const ended = (code: number | null): void => done({ failed: `its process ended with ${code}` });
    const late = setTimeout(() => done({ failed: 'it did not end' }), SEED_DEADLINE_MS);
    child.once('message', heard);
    child.once('exit', ended);
    child.send(request);
  });

/** Whether this world came to an end by itself. */
export const hasEnded = ({ hash }: SeedResult): boolean => hash !== '';

const brokenOff = (seed: number, why: string): SeedResult => ({
  ...{ seed, hash: '', events: 0, simulatedMs: 0, darkMs: 0, faults: {}, crashPoints: {}, work: {} },
  violations: [`the world broke off: ${why}`],
});
