import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ToReaders } from './process/protocol.ts';

/** The line to the process that holds the library. */
export interface ReaderLine {
  send(message: ToReaders): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Once, however it ended. */
  onEnd(listener: (how: string) => void): void;
  /** At once and surely. */
  kill(): void;
}

const PROGRAM = fileURLToPath(new URL('./process/main.ts', import.meta.url));
/** Silent cards hold a thread each; the library's waits for readers have threads of their own. */
const THREADS = '32';

/** Starts the process. Its output goes nowhere: all that it has to say comes over the line. */
export function startReaderProcess(): ReaderLine {
  const child = fork(PROGRAM, {
    execArgv: [],
    env: { ...process.env, UV_THREADPOOL_SIZE: THREADS },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ended = Promise.withResolvers<string>();
  child.once('exit', (code, signal) => ended.resolve(signal ?? `exit ${code}`));
  child.once('error', (error) => ended.resolve(error.message));
  return {
    send: (message) => child.connected && child.send(message, () => undefined),
    onMessage: (listener) => child.on('message', listener),
    onEnd: (listener) => void ended.promise.then(listener),
    kill: () => child.kill('SIGKILL'),
  };
}
