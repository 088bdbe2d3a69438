import { fork } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bytesToHex } from '@tapwatt/firmware-contracts';

import { certificateAuthority, type Ledger } from '@tapwatt/gateway';
import { townConfig } from './town.ts';

const CHILD = fileURLToPath(new URL('./issuer-child.ts', import.meta.url));
const AUTHORITY = certificateAuthority();

export const certificateOf = (name: string) => AUTHORITY.issue(name);

interface Asked {
  readonly id: number;
  readonly name: Parameters<Ledger['evaluate']>[0];
  readonly request: never;
}

/** An issuer's process, with its files in a directory, and its ledger connection over a channel. */
export interface IssuerProcess {
  readonly port: number;
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
}

export interface IssuerProcessOptions {
  readonly directory: string;
  readonly ledgerId: string;
  readonly master: Uint8Array;
  readonly ledger: Pick<Ledger, 'evaluate'>;
  /** Of an issuer that was there before. */
  readonly port?: number;
}

async function writeFiles({ directory, master }: IssuerProcessOptions) {
  const keys = join(directory, 'data', 'keys');
  await mkdir(keys, { recursive: true });
  await writeFile(join(keys, 'master.key'), `${bytesToHex(master)}\n`, { mode: 0o600 });
  const { ca, cert, key } = certificateOf('issuer');
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(directory, name), text, { mode: 0o600 });
    return join(directory, name);
  };
  return {
    ca: await file('ca.pem', ca),
    certificate: await file('cert.pem', cert),
    key: await file('key.pem', key),
  };
}

export async function startIssuerProcess(options: IssuerProcessOptions): Promise<IssuerProcess> {
  const { directory, ledgerId, ledger, port = 0 } = options;
  const files = await writeFiles(options);
  const issuer = { url: undefined, masterKeyCommand: [], host: '127.0.0.1', port, ...files };
  const child = fork(CHILD, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const ready = Promise.withResolvers<number>();
  child.once('exit', () => ready.reject(new Error('The issuer ended before it was ready.')));
  child.on('message', (message: Asked | { readonly port: number }) => {
    if ('port' in message) return ready.resolve(message.port);
    const { id, name, request } = message;
    ledger.evaluate(name, request).then(
      (result) => child.connected && child.send({ id, result }),
      (error: Error) => child.connected && child.send({ id, error: error.message }),
    );
  });
  child.send({ config: townConfig(directory, { ledgerId, issuer }) });
  return {
    port: await ready.promise,
    async kill() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
}
