import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExplorerMessage } from './explorer-protocol.ts';
import type { Outcome, Subject } from './outcome.ts';

const EXPLORER = fileURLToPath(new URL('explorer.ts', import.meta.url));

export interface ExplorersOptions {
  /** How many explore at a time. */
  readonly workers: number;
  readonly onProgress?: (subject: Subject, at: { readonly states: number; readonly depth: number }) => void;
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** Explores each in a process of its own, the last first; the outcomes are in the order of the subjects. Throws if one breaks off. */
export async function exploreAll(
  subjects: readonly Subject[],
  options: ExplorersOptions,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const running = new Set<ChildProcess>();
  let next = subjects.length;
  const work = async (): Promise<void> => {
    while (next > 0) {
      next -= 1;
      const index = next;
      const subject = subjects[index];
      if (subject === undefined) continue;
      const outcome = await exploreApart(subject, { running, ...options });
      outcomes[index] = outcome;
      options.onOutcome?.(outcome);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.workers }, work));
  } finally {
    for (const child of running) child.kill('SIGKILL');
  }
  return outcomes;
}

function exploreApart(
  subject: Subject,
  { running, onProgress }: ExplorersOptions & { readonly running: Set<ChildProcess> },
): Promise<Outcome> {
  const child = fork(EXPLORER, [], { execArgv: ['--disable-warning=ExperimentalWarning'] });
  running.add(child);
  return new Promise((resolve, reject) => {
    child.on('message', (message: ExplorerMessage) => {
      if ('outcome' in message) resolve(message.outcome);
      else if ('failed' in message) reject(new Error(`${subject.name}: ${message.failed}`));
      else onProgress?.(subject, message);
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      running.delete(child);
      reject(new Error(`${subject.name}: its process ended with ${code}`));
    });
    child.send(subject);
  });
}
