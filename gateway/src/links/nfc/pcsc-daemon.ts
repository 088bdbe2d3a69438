import { connect } from 'node:net';

const DEFAULT_SOCKET = '/run/pcscd/pcscd.comm';
const DEADLINE_MS = 1_000;

export const pcscSocket = (environment: NodeJS.ProcessEnv): string =>
  environment.PCSCLITE_CSOCK_NAME ?? DEFAULT_SOCKET;

/** Whether the PC/SC daemon takes connections; why not otherwise. Where it is started on demand, this starts it. */
export function pcscDaemonTrouble(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const answer = (trouble: string | undefined): void => {
      socket.destroy();
      resolve(trouble);
    };
    socket.setTimeout(DEADLINE_MS, () => answer(`The PC/SC daemon does not answer at ${socketPath}.`));
    socket.once('connect', () => answer(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      answer(`The PC/SC daemon (pcscd) cannot be reached at ${socketPath}: ${error.code ?? error.message}.`),
    );
  });
}
