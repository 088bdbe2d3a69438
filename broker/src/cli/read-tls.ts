import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { TapwattError } from '@tapwatt/firmware-contracts';
import type { TlsFiles } from '../transports.ts';
import type { RunOptions } from './options.ts';

/** The certificate and its key, tried once; `undefined` where none are named. Throws CONFIG_INVALID. */
export const readTls = async ({
  tlsCert,
  tlsKey,
}: Pick<RunOptions, 'tlsCert' | 'tlsKey'>): Promise<TlsFiles | undefined> => {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new TapwattError('CONFIG_INVALID', 'TLS needs both --tls-cert and --tls-key.');
  const tls = { cert: await read(tlsCert), key: await read(tlsKey) };
  try {
    createSecureContext(tls);
  } catch (cause) {
    const message = `${tlsCert} and ${tlsKey} are no certificate and its private key in PEM.`;
    throw new TapwattError('CONFIG_INVALID', message, { cause });
  }
  return tls;
};

const read = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new TapwattError('CONFIG_INVALID', `${path} cannot be read.`, { cause });
  }
};
