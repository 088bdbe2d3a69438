import { type Clock, pause, type Random } from '../../edges/edges.ts';
import { LedgerUnavailable } from '../errors.ts';
import type { Attempt, CommittedInBlock, FabricChannel, Invocation } from './channel.ts';
import type { FabricLimits } from './limits.ts';
import { saidByContract } from './stage-errors.ts';
import type { Turns } from './turns.ts';

/** Before the lane: most that is overtaken meets nobody the second time. */
const ATTEMPTS_AT_ONCE = 2;
/** Of a random byte. */
const SHARES = 256;

export interface TransactPorts {
  readonly channel: Pick<FabricChannel, 'attempt' | 'catchUp'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: FabricLimits;
  readonly onOvertaken: () => void;
  /** One at a time. */
  readonly lane: Turns;
}

/**
 * Commits a transaction. One that others overtook is endorsed again, and if that was in vain, in a lane where we go one
 * after another, so that what we do ourselves to one record is not in its own way; others of the network may still be,
 * hence the pauses. Throws what an attempt throws, and `LedgerUnavailable` BUSY when it was overtaken too often.
 */
export async function transact(
  ports: TransactPorts,
  invocation: Invocation,
  signal: AbortSignal,
): Promise<CommittedInBlock> {
  for (let attempt = 1; attempt <= ATTEMPTS_AT_ONCE; attempt += 1) {
    const committed = await attemptSurely(ports, invocation);
    if (committed !== 'overtaken') return committed;
    ports.onOvertaken();
  }
  return ports.lane.take(() => inLane(ports, invocation, signal));
}

async function inLane(
  ports: TransactPorts,
  invocation: Invocation,
  signal: AbortSignal,
): Promise<CommittedInBlock> {
  const { clock, random, limits, onOvertaken } = ports;
  let longestMs = limits.conflictFirstMs;
  for (let attempt = ATTEMPTS_AT_ONCE; attempt < limits.conflicts && !signal.aborted; attempt += 1) {
    const committed = await attemptSurely(ports, invocation);
    if (committed !== 'overtaken') return committed;
    onOvertaken();
    const [share = 0] = random.bytes(1);
    await pause(clock, Math.ceil((longestMs * (share + 1)) / SHARES), signal);
    longestMs = Math.min(longestMs * 2, limits.conflictMaxMs);
  }
  const message = 'Others change the same records all the time; nothing happened.';
  throw new LedgerUnavailable(message, { code: 'BUSY' });
}

/**
 * What is committed was checked against the newest state, but a refusal is only what one peer thinks, which may be some
 * blocks behind: it counts when the peers are level and it is said again.
 */
async function attemptSurely({ channel }: TransactPorts, invocation: Invocation): Promise<Attempt> {
  try {
    return await channel.attempt(invocation);
  } catch (error) {
    if (!isRefusal(error) || !(await channel.catchUp())) throw error;
    return channel.attempt(invocation);
  }
}

const isRefusal = (error: unknown): boolean => {
  const said = saidByContract(error);
  return said !== undefined && 'code' in said;
};
