import { TapwattError } from '@tapwatt/firmware-contracts';
import type { Fleet, Handset, Random, RunningFleet } from '@tapwatt/simulator';

const AMOUNTS = ['500', '1000', '2000'] as const;
const BEYOND_ANY_LIMIT = '900000000000000';

export interface MischiefOptions {
  readonly fleet: Fleet;
  readonly running: RunningFleet;
  readonly random: Random;
  /** Each handset asks so often, and for nothing new while so much is outstanding. */
  readonly everyMs: number;
  readonly maxOutstanding: number;
}

/** Handsets that buy, redeem, cancel, ask for too much and for their balance, until they are told to be calm. */
export interface Mischief {
  /** A handset was issued this voucher, which it may cancel some time. */
  issued(handsetId: string, voucherId: string): void;
  calm(): void;
}

export function startMischief({
  fleet,
  running,
  random,
  everyMs,
  maxOutstanding,
}: MischiefOptions): Mischief {
  const vouchers = new Map(running.handsets.map(({ id }) => [id, [] as string[]]));
  const wallets = new Map(fleet.handsets.map(({ id, walletId }) => [id, walletId]));
  const askOne = (handset: Handset): void =>
    askSomething(handset, {
      ...{ random, fleet },
      walletId: wallets.get(handset.id) ?? '',
      own: vouchers.get(handset.id) ?? [],
    });
  const asking = setInterval(() => {
    for (const handset of running.handsets) {
      if (handset.isUp && handset.outstanding.length < maxOutstanding) orElseRefused(() => askOne(handset));
    }
  }, everyMs);
  return {
    issued: (handsetId, voucherId) => void vouchers.get(handsetId)?.push(voucherId),
    calm: () => clearInterval(asking),
  };
}

/** A handset that cannot store its request does not send it (DISK_FULL). */
function orElseRefused(ask: () => void): void {
  try {
    ask();
  } catch (error) {
    if (!(error instanceof TapwattError)) throw error;
  }
}

interface Choice {
  readonly random: Random;
  readonly fleet: Fleet;
  readonly walletId: string;
  /** Vouchers that this handset was issued. */
  readonly own: readonly string[];
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
  const amount = AMOUNTS[random.below(AMOUNTS.length)] ?? '500';
  if (dice < 0.18) handset.ask({ ...wish, amount: BEYOND_ANY_LIMIT, deliver: true });
  else if (dice < 0.6) handset.ask({ ...wish, amount, deliver: true });
  else handset.ask({ ...wish, amount, deliver: false }, { thenRedeem: true });
}
