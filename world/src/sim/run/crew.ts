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

interface Waiting {
  readonly besides: Ran | undefined;
  readonly take: (hand: Hand) => void;
}

/** A world's result, and the process that it was run in. */
export interface Ran extends SeedResult {
  readonly pid: number;
}

/** Processes that run worlds side by side. */
export interface Crew {
  /** The result of one world, which has a process for itself as long as it takes; never the process that ran `besides`. */
  run(request: WorldRequest, besides?: Ran): Promise<Ran>;
  close(): void;
}

/** A crew of so many; with `mutation`, all of them run production code with that bug planted. */
export const hireCrew = (size: number, mutation?: string): Crew => {
  const idle: Hand[] = Array.from({ length: size }, () => hire(mutation));
  const all = new Set(idle);
  const waiting: Waiting[] = [];

  const seize = (besides: Ran | undefined): Promise<Hand> | Hand => {
    // One alone can never be another than itself.
    if (besides !== undefined && all.size === 1) idle.push(enlist());
    const index = idle.findIndex((hand) => isOther(hand, besides));
    const [hand] = index < 0 ? [] : idle.splice(index, 1);
    return hand ?? new Promise((take) => waiting.push({ besides, take }));
  };
  const release = (hand: Hand): void => {
    const index = waiting.findIndex(({ besides }) => isOther(hand, besides));
    const [next] = index < 0 ? [] : waiting.splice(index, 1);
    if (next === undefined) idle.push(hand);
    else next.take(hand);
  };
  const enlist = (): Hand => {
    const fresh = hire(mutation);
    all.add(fresh);
    return fresh;
  };
  const replace = (hand: Hand): Hand => {
    all.delete(hand);
    hand.child.kill('SIGKILL');
    return enlist();
  };
  return {
    async run(request, besides) {
      const hand = await seize(besides);
      await hand.ready;
      const answer = await askOf(hand.child, request);
      release('failed' in answer ? replace(hand) : hand);
      const result = 'result' in answer ? answer.result : brokenOff(request.seed, answer.failed);
      return { ...result, pid: pidOf(hand) };
    },
    close() {
      for (const { child } of all) child.kill('SIGKILL');
    },
  };
};

const pidOf = ({ child }: Hand): number => child.pid ?? 0;

const isOther = (hand: Hand, than: Ran | undefined): boolean => than?.pid !== pidOf(hand);

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
