import { randomBytes } from 'node:crypto';
import {
  type Fleet,
  type Handset,
  memoryRequestStore,
  mqttLinks,
  newBoard,
  type Random,
  type RunningFleet,
  seededRandom,
  startFleet,
  systemTime,
  tcpConnector,
} from '@tapwatt/simulator';
import { type ClientHistory, createClientHistory } from '../src/history/client-history.ts';

const AMOUNTS = ['500', '1000', '2000'] as const;
const MAX_OUTSTANDING = 6;
const ASK_EVERY_MS = 15;
const LINK_BACKOFF = { firstMs: 20, maxMs: 200 };

/** Meters and handsets that go on buying, redeeming, cancelling and asking twice while the gateway dies and comes back. */
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
  const vouchers = new Map<string, string[]>();
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
      if (status === 'issued' && voucherId !== undefined) vouchers.get(handset.id)?.push(voucherId);
    },
  });
  for (const { id } of running.handsets) vouchers.set(id, []);
  const wallets = new Map(fleet.handsets.map(({ id, walletId }) => [id, walletId]));

  const asking = setInterval(() => {
    for (const handset of running.handsets) {
      if (!handset.isUp || handset.outstanding.length >= MAX_OUTSTANDING) continue;
      askSomething(handset, {
        random,
        fleet,
        walletId: wallets.get(handset.id) ?? '',
        own: vouchers.get(handset.id) ?? [],
      });
    }
  }, ASK_EVERY_MS);

  return {
    fleet: running,
    history,
    calm: () => clearInterval(asking),
    outstanding: () => running.handsets.reduce((sum, handset) => sum + handset.outstanding.length, 0),
    async close() {
      clearInterval(asking);
      await running.close();
    },
  };
}

interface Choice {
  readonly random: Random;
  readonly fleet: Fleet;
  readonly walletId: string;
  /** Vouchers that this handset was issued. */
  readonly own: string[];
}

function askSomething(handset: Handset, { random, fleet, walletId, own }: Choice): void {
  const dice = random.next();
  const voucherId = own[random.below(Math.max(1, own.length))];
  if (dice < 0.1 && voucherId !== undefined) {
    handset.ask({ op: 'cancel', voucherId } as Parameters<Handset['ask']>[0]);
    return;
  }
  if (dice < 0.15) {
    handset.ask({ op: 'balance', walletId });
    return;
  }
  const meter = fleet.meters[random.below(fleet.meters.length)];
  if (meter === undefined) return;
  const wish = { op: 'issue', walletId, meterId: meter.meterId } as const;
  if (dice < 0.18) handset.ask({ ...wish, amount: '900000000000000', deliver: true });
  else if (dice < 0.6)
    handset.ask({ ...wish, amount: AMOUNTS[random.below(AMOUNTS.length)] ?? '500', deliver: true });
  else
    handset.ask(
      { ...wish, amount: AMOUNTS[random.below(AMOUNTS.length)] ?? '500', deliver: false },
      { thenRedeem: true },
    );
}
