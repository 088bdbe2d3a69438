import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadAnswer, LoadCommand } from './load-protocol.ts';

type AnswerTo<D extends LoadCommand['do']> = Extract<LoadAnswer, { did: D }>;

/** The load process, as the benchmark drives it. */
export interface Load {
  ask<D extends LoadCommand['do']>(command: Extract<LoadCommand, { do: D }>): Promise<AnswerTo<D>>;
  stop(): Promise<void>;
}

export function startLoad(): Load {
  const child: ChildProcess = fork(fileURLToPath(new URL('load-process.ts', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ask = <D extends LoadCommand['do']>(command: Extract<LoadCommand, { do: D }>): Promise<AnswerTo<D>> =>
    new Promise((resolve, reject) => {
      const gone = (code: number | null) => reject(new Error(`The load process ended with ${code}.`));
      child.once('exit', gone);
      child.once('message', (answer: LoadAnswer) => {
        child.off('exit', gone);
        if (answer.did === 'failed') reject(new Error(answer.message));
        else resolve(answer as AnswerTo<D>);
      });
      child.send(command);
    });
  return {
    ask,
    async stop() {
      await ask({ do: 'stop' });
      child.disconnect();
    },
  };
}
