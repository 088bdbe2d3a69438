import { TapwattError } from '@tapwatt/firmware-contracts';
import type { Handset } from '../handset/handset.ts';
import type { Meter } from '../meter/meter.ts';
import type { Random } from '../time/random.ts';
import type { Time } from '../time/time.ts';

/** Handsets of agents who sell: every now and then one buys for a meter. */
export interface TrafficOptions {
  readonly handsets: readonly Handset[];
  readonly meters: readonly Meter[];
  /** The wallet that a handset spends from. */
  readonly walletOf: (handset: Handset) => string;
  readonly time: Time;
  /** Chooses who buys what for whom: the same seed, the same choices. */
  readonly random: Random;
  readonly intervalMs: number;
  /** What could not be asked for, and why. */
  readonly onError: (error: TapwattError) => void;
}

const AMOUNTS_MINOR = [500, 1_000, 2_000, 5_000] as const;
/** A handset that waits for so many does not buy more: its agent would stop, too. */
const MAX_WAITING = 16;

const pick = <T>(items: readonly T[], random: Random): T | undefined => items[random.below(items.length)];

const hasRoom = (meter: Meter, amount: number): boolean => {
  const limit = meter.state?.meter.record?.balanceLimit;
  return limit !== undefined && meter.balance + BigInt(amount) <= limit;
};

const buy = ({ handsets, meters, walletOf, random, onError }: TrafficOptions): void => {
  const handset = pick(handsets, random);
  const amount = pick(AMOUNTS_MINOR, random) ?? AMOUNTS_MINOR[0];
  const meter = pick(meters, random);
  const deliver = random.next() < 0.5;
  if (handset === undefined || meter === undefined || !hasRoom(meter, amount)) return;
  if (!handset.isUp || handset.outstanding.length >= MAX_WAITING) return;
  const wish = { walletId: walletOf(handset), meterId: meter.meterId.toString(), amount: amount.toString() };
  try {
    handset.ask({ op: 'issue', ...wish, deliver }, deliver ? {} : { thenRedeem: true });
  } catch (error) {
    if (!(error instanceof TapwattError)) throw error;
    onError(error);
  }
};

/** Starts buying: the first at once, the next about every `intervalMs`. The function it returns ends it. */
export const startTraffic = (options: TrafficOptions): (() => void) => {
  const { time, random, intervalMs } = options;
  let cancel = (): void => {};
  const round = (): void => {
    cancel = time.after(intervalMs * (0.5 + random.next()), round);
    buy(options);
  };
  round();
  return () => cancel();
};
