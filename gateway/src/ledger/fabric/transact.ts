import { type Clock, pause, type Random } from '../../edges/edges.ts';
import { LedgerUnavailable } from '../errors.ts';
import type { CommittedInBlock, FabricChannel, Invocation } from './channel.ts';
import type { FabricLimits } from './limits.ts';
import type { Turns } from './turns.ts';

/** Of a random byte. */
const SHARES = 256;

export interface TransactPorts {
  readonly channel: Pick<FabricChannel, 'attempt'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: FabricLimits;
  readonly onOvertaken: () => void;
  /** One at a time. */
  readonly lane: Turns;
}

/**
 * Commits a transaction. One that others overtook is endorsed again, in a lane where we go one after another, so that
 * what we do ourselves to one record is not in its own way; others of the network may still be, hence the pauses. Throws
 * what an attempt throws, and `LedgerUnavailable` BUSY when it was overtaken too often.
 */
export async function transact(
  ports: TransactPorts,
  invocation: Invocation,
  signal: AbortSignal,
): Promise<CommittedInBlock> {
  const first = await ports.channel.attempt(invocation);
  if (first !== 'overtaken') return first;
  ports.onOvertaken();
  return ports.lane.take(() => again(ports, invocation, signal));
}

async function again(
  { channel, clock, random, limits, onOvertaken }: TransactPorts,
  invocation: Invocation,
  signal: AbortSignal,
): Promise<CommittedInBlock> {
  let longestMs = limits.conflictFirstMs;
  for (let attempt = 1; attempt < limits.conflicts && !signal.aborted; attempt += 1) {
    const committed = await channel.attempt(invocation);
    if (committed !== 'overtaken') return committed;
    onOvertaken();
    const [share = 0] = random.bytes(1);
    await pause(clock, Math.ceil((longestMs * (share + 1)) / SHARES), signal);
    longestMs = Math.min(longestMs * 2, limits.conflictMaxMs);
  }
  const message = 'Others change the same records all the time; nothing happened.';
  throw new LedgerUnavailable(message, { code: 'BUSY' });
}
