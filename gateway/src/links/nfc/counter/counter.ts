import {
  bytesToHex,
  ERRORS,
  type ErrorCode,
  TapwattError,
  vouchersOfMessage,
} from '@tapwatt/firmware-contracts';
import { type Backoff, delayMs } from '../../../edges/backoff.ts';
import { startDeadline } from '../../../edges/deadline.ts';
import { type Clock, pause } from '../../../edges/edges.ts';
import type { LocalRedemptions } from '../../../requests/local-redeem.ts';
import type { CardAtReader } from '../readers.ts';
import { readCard } from './read-card.ts';

/** How long a customer at the counter is told of; the voucher goes on by itself, ms. */
const FOLLOW_MS = 120_000;
/** Before what is away is asked again. */
const AGAIN: Backoff = { firstMs: 1_000, maxMs: 10_000 };

/** What became of a voucher that was shown at the counter, step by step. */
export interface CounterStep {
  readonly reader: string;
  readonly redemptionId?: string | undefined;
  readonly meterId?: string | undefined;
  readonly status: string;
  readonly code?: string | undefined;
}

export interface CounterPorts {
  readonly redeem: LocalRedemptions['redeem'];
  readonly clock: Clock;
  readonly onStep: (step: CounterStep) => void;
}

/** Takes the vouchers of phones and cards at the counter, and redeems each by whatever link reaches its meter. */
export interface Counter {
  /** Resolves with how many vouchers it had, when it is read; throws CARD_GONE, DEADLINE where it was not. */
  serve(card: CardAtReader): Promise<number>;
  /** Follows nothing any more; what is under way goes on by itself. */
  close(): Promise<unknown>;
}

export function createCounter(ports: CounterPorts): Counter {
  const closing = new AbortController();
  const followed = new Map<string, Promise<void>>();

  /** Until it was taken, or is refused for good; the card is not read again, so what passes is waited for here. */
  async function follow(reader: string, voucher: Uint8Array): Promise<void> {
    const { signal, end } = startDeadline(ports.clock, FOLLOW_MS, closing.signal);
    let told: ErrorCode | undefined;
    try {
      for (let attempt = 0; ; attempt += 1) {
        const code = await redeemOnce(reader, voucher, signal);
        if (code === undefined || closing.signal.aborted) return;
        const isOver = signal.aborted || ERRORS[code].retry !== 'same';
        if (isOver || code !== told) ports.onStep({ reader, status: isOver ? 'refused' : 'pending', code });
        if (isOver) return;
        told = code;
        await pause(ports.clock, delayMs(AGAIN, attempt, 1), signal);
      }
    } finally {
      end();
    }
  }

  /** Why it was not taken, where it was not. */
  async function redeemOnce(
    reader: string,
    voucher: Uint8Array,
    signal: AbortSignal,
  ): Promise<ErrorCode | undefined> {
    try {
      for await (const { redemptionId, meterId, status, code } of ports.redeem(voucher, signal)) {
        // No meter says so: the queue to it is full.
        if (status === 'refused' && code === 'BUSY') return code;
        ports.onStep({ reader, redemptionId, meterId, status, code });
      }
      return undefined;
    } catch (error) {
      return error instanceof TapwattError ? error.code : 'INTERNAL';
    }
  }

  return {
    async serve(card) {
      const message = await readCard(card, ports.clock);
      const vouchers = (message === undefined ? undefined : vouchersOfMessage(message)) ?? [];
      for (const voucher of vouchers) {
        const name = bytesToHex(voucher);
        // Shown again while it is under way: it goes on as it does.
        if (!followed.has(name))
          followed.set(
            name,
            follow(card.reader, voucher).finally(() => followed.delete(name)),
          );
      }
      return vouchers.length;
    },
    close() {
      closing.abort();
      return Promise.allSettled(followed.values());
    },
  };
}
