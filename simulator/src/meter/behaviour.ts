import type { MeterDownChannel, MeterUpChannel } from '@tapwatt/firmware-contracts';
import type { Random } from '../time/random.ts';

/** A message to or from a meter, and when it shall pass. */
export interface Passing<C> {
  readonly channel: C;
  readonly payload: Uint8Array;
  readonly delayMs: number;
}

/**
 * How a device misbehaves between its radio and its decision: each message may be held, changed, lost or repeated.
 * What is not overridden passes as it is. The decision itself is never touched, so that a fault stays a courier's.
 */
export interface Behaviour {
  readonly incoming?: (message: Passing<MeterDownChannel>) => readonly Passing<MeterDownChannel>[];
  readonly outgoing?: (message: Passing<MeterUpChannel>) => readonly Passing<MeterUpChannel>[];
}

/** A meter that does everything right. */
export const HONEST: Behaviour = {};

/** Answers `delayMs` late. */
export const slow = (delayMs: number): Behaviour => ({
  outgoing: (message) => [{ ...message, delayMs: message.delayMs + delayMs }],
});

/** Listens and decides, but says nothing. */
export const silent: Behaviour = { outgoing: () => [] };

/** Hears nothing. */
export const deaf: Behaviour = { incoming: () => [] };

/** Loses its receipts with the given probability. */
export const dropsReceipts = (probability: number, random: Random): Behaviour => ({
  outgoing: (message) => (message.channel === 'rcpt' && random.next() < probability ? [] : [message]),
});

/** Sends every receipt `times` times. */
export const repeatsReceipts = (times: number): Behaviour => ({
  outgoing: (message) =>
    message.channel === 'rcpt' ? Array.from({ length: times }, () => message) : [message],
});

/** Hears every message `times` times. */
export const hearsTwice = (times: number): Behaviour => ({
  incoming: (message) => Array.from({ length: times }, () => message),
});

/** Flips one bit of what it says with the given probability. */
export const liar = (probability: number, random: Random): Behaviour => ({
  outgoing: (message) => [
    random.next() < probability ? { ...message, payload: flipBit(message.payload, random) } : message,
  ],
});

/** One behaviour after the other, from the device outwards. */
export const combined = (...behaviours: readonly Behaviour[]): Behaviour => ({
  incoming: (message) =>
    behaviours.reduceRight<readonly Passing<MeterDownChannel>[]>(
      (messages, { incoming }) => (incoming === undefined ? messages : messages.flatMap(incoming)),
      [message],
    ),
  outgoing: (message) =>
    behaviours.reduce<readonly Passing<MeterUpChannel>[]>(
      (messages, { outgoing }) => (outgoing === undefined ? messages : messages.flatMap(outgoing)),
      [message],
    ),
});

const flipBit = (payload: Uint8Array, random: Random): Uint8Array => {
  if (payload.length === 0) return payload;
  const changed = payload.slice();
  const bit = random.below(changed.length * 8);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
};
