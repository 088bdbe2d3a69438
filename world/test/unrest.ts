import { randomBytes } from 'node:crypto';
import {
  type Fleet,
  memoryRequestStore,
  mqttLinks,
  newBoard,
  type RunningFleet,
  seededRandom,
  startFleet,
  systemTime,
  tcpConnector,
} from '@tapwatt/simulator';
import { type ClientHistory, createClientHistory } from '../src/history/client-history.ts';
import { startMischief } from './mischief.ts';

const MAX_OUTSTANDING = 6;
const ASK_EVERY_MS = 15;
const LINK_BACKOFF = { firstMs: 20, maxMs: 200 };

/** Meters and handsets, in this process and its memory, that go on while the gateway dies and comes back. */
export interface Unrest {
  readonly fleet: RunningFleet;
  readonly history: ClientHistory;
  /** Asks for nothing new any more. */
  calm(): void;
  /** Requests without a final answer. */
  outstanding(): number;
  close(): Promise<void>;
}

export function startUnrest(fleet: Fleet, seed: number): Unrest {
  const random = seededRandom(seed);
  const history = createClientHistory();
  const running = startFleet({
    fleet,
    links: mqttLinks({
      connector: tcpConnector(fleet.broker),
      time: systemTime,
      random,
      backoff: LINK_BACKOFF,
    }),
    time: systemTime,
    random,
    newRequestId: () => randomBytes(12).toString('hex'),
    memoryOf: newBoard,
    storeOf: memoryRequestStore,
    readEveryMs: 0,
    observeHandset(handset, seen) {
      if (seen.type !== 'heard') return;
      history.hear(seen.ask.request.op, seen.result);
      if (seen.heard === 'contradicted') history.contradicted(seen.result.requestId);
      const { status, voucherId } = seen.result;
      if (status === 'issued' && voucherId !== undefined) mischief.issued(handset.id, voucherId);
    },
  });
  const mischief = startMischief({
    ...{ fleet, running, random },
    everyMs: ASK_EVERY_MS,
    maxOutstanding: MAX_OUTSTANDING,
  });
  return {
    fleet: running,
    history,
    calm: () => mischief.calm(),
    outstanding: () => running.handsets.reduce((sum, handset) => sum + handset.outstanding.length, 0),
    async close() {
      mischief.calm();
      await running.close();
    },
  };
}
