import { bytesToHex, TapwattError, vouchersOfMessage } from '@tapwatt/firmware-contracts';
import { startDeadline } from '../../../edges/deadline.ts';
import type { Clock } from '../../../edges/edges.ts';
import type { LocalRedemptions } from '../../../requests/local-redeem.ts';
import type { CardAtReader } from '../readers.ts';
import { readCard } from './read-card.ts';

/** How long a customer at the counter is told of; the voucher goes on by itself, ms. */
const FOLLOW_MS = 120_000;

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

  async function follow(reader: string, voucher: Uint8Array): Promise<void> {
    const { signal, end } = startDeadline(ports.clock, FOLLOW_MS, closing.signal);
    try {
      for await (const { redemptionId, meterId, status, code } of ports.redeem(voucher, signal))
        ports.onStep({ reader, redemptionId, meterId, status, code });
    } catch (error) {
      const code = error instanceof TapwattError ? error.code : 'INTERNAL';
      ports.onStep({ reader, status: 'refused', code });
    } finally {
      end();
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
