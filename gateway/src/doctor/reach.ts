import { once } from 'node:events';
import { connect } from 'node:net';
import { messageOf } from '@tapwatt/firmware-contracts';
import { errorCodeOf } from '../data/atomic-file.ts';
import { startDeadline } from '../edges/deadline.ts';
import type { Patient } from './check.ts';

const CONNECT_MS = 3_000;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Why nobody takes a TCP connection there; `undefined` where somebody does. */
export async function reachTrouble(
  address: Address,
  { clock, signal }: Pick<Patient, 'clock' | 'signal'>,
): Promise<string | undefined> {
  const deadline = startDeadline(clock, CONNECT_MS, signal);
  const socket = connect(address);
  try {
    await once(socket, 'connect', { signal: deadline.signal });
    return undefined;
  } catch (error) {
    return deadline.signal.aborted
      ? `no answer within ${CONNECT_MS / 1_000} s`
      : (errorCodeOf(error) ?? messageOf(error));
  } finally {
    deadline.end();
    socket.destroy();
  }
}
