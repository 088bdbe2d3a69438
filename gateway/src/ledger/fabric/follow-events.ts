import type { ChaincodeEvent } from '@hyperledger/fabric-gateway';
import type { LedgerEvent } from '@tapwatt/chaincode';
import { type Clock, pause } from '../../edges/edges.ts';
import type { FabricLimits } from './limits.ts';

type EventStream = AsyncIterable<ChaincodeEvent> & { close(): void };

interface FollowPorts {
  readonly channel: { events(startBlock: number | 'now'): Promise<EventStream> };
  readonly clock: Clock;
  readonly limits: Pick<FabricLimits, 'eventsFirstMs' | 'eventsMaxMs'>;
}

/** How far a reader is: the block, and those of its transactions that were told. */
interface Place {
  /** `now` until the first event is heard. */
  block: number | 'now';
  readonly told: Set<string>;
}

/** Events from a block on, in order; a stream that breaks is taken up where it was, until `signal` aborts. */
export async function* followEvents(
  { channel, clock, limits }: FollowPorts,
  fromBlock: number | 'now',
  signal: AbortSignal,
): AsyncGenerator<LedgerEvent> {
  const place: Place = { block: fromBlock, told: new Set() };
  let pauseMs = limits.eventsFirstMs;
  while (!signal.aborted) {
    try {
      for await (const event of streamed(channel, place.block, signal)) {
        pauseMs = limits.eventsFirstMs;
        if (isNews(place, event)) yield eventOf(event);
        if (signal.aborted) return;
      }
    } catch {
      // What a stream ends with says nothing that a caller could act on: the sweep is the truth.
    }
    await pause(clock, pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, limits.eventsMaxMs);
  }
}

async function* streamed(
  channel: FollowPorts['channel'],
  startBlock: number | 'now',
  signal: AbortSignal,
): AsyncGenerator<ChaincodeEvent> {
  const stream = await channel.events(startBlock);
  const close = (): void => stream.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    if (!signal.aborted) yield* stream;
  } finally {
    signal.removeEventListener('abort', close);
    stream.close();
  }
}

/** A stream begins with a whole block, of which some may have been told. */
function isNews(place: Place, { blockNumber, transactionId }: ChaincodeEvent): boolean {
  const block = Number(blockNumber);
  if (place.block !== 'now' && block < place.block) return false;
  if (block !== place.block) {
    place.block = block;
    place.told.clear();
  }
  if (place.told.has(transactionId)) return false;
  place.told.add(transactionId);
  return true;
}

/** The contract is ours: what it emits under its own event names is a `LedgerEvent`. */
const eventOf = ({ eventName, payload, blockNumber, transactionId }: ChaincodeEvent): LedgerEvent =>
  ({
    name: eventName,
    payload: JSON.parse(Buffer.from(payload).toString('utf8')),
    blockNumber: Number(blockNumber),
    txId: transactionId,
  }) as LedgerEvent;
