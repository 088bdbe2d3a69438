import type { ChaincodeEvent } from '@hyperledger/fabric-gateway';
import { expect, it } from 'vitest';
import type { Clock } from '../../edges/edges.ts';
import { followEvents } from './follow-events.ts';

const instantly: Clock = {
  nowMs: () => 0,
  monotonicMs: () => 0,
  after(_, run) {
    const immediate = setImmediate(run);
    return () => clearImmediate(immediate);
  },
};
const event = (block: number, transactionId: string): ChaincodeEvent => ({
  blockNumber: BigInt(block),
  transactionId,
  chaincodeName: 'tapwatt',
  eventName: 'PartyChanged',
  payload: Buffer.from(JSON.stringify({ id: transactionId })),
});

/** Streams that each tell these events of the blocks asked for, and then break. */
function breaking(...streams: readonly (readonly ChaincodeEvent[])[]) {
  const asked: number[] = [];
  const channel = {
    async events(startBlock: number) {
      asked.push(startBlock);
      const told = streams[asked.length - 1] ?? [];
      return {
        async *[Symbol.asyncIterator]() {
          yield* told.filter(({ blockNumber }) => Number(blockNumber) >= startBlock);
          throw new Error('the stream broke');
        },
        close: () => undefined,
      };
    },
  };
  return { asked, channel };
}

it('takes a broken stream up where it was, and tells every event once', async () => {
  const all = [event(3, 'a'), event(3, 'b'), event(5, 'c'), event(5, 'd')];
  const { asked, channel } = breaking(all.slice(0, 1), all.slice(0, 3), all);
  const stop = new AbortController();
  const limits = { eventsFirstMs: 1, eventsMaxMs: 1 };
  const told: string[] = [];
  for await (const { txId, blockNumber, payload } of followEvents(
    { channel, clock: instantly, limits },
    2,
    stop.signal,
  )) {
    told.push(`${blockNumber} ${txId}`);
    expect(payload).toEqual({ id: txId });
    if (txId === 'd') stop.abort();
  }
  expect(told).toEqual(['3 a', '3 b', '5 c', '5 d']);
  expect(asked).toEqual([2, 3, 5]);
});
