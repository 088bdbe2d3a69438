import { bytesToHex } from '@tapwatt/firmware-contracts';
import type { Clock } from '../../edges/edges.ts';
import type { MeterVoice } from '../../meter-voice.ts';
import type { LinkName } from '../../redemption/types.ts';

/** Receipts that wait for the issuer, 128 bytes each; the oldest is dropped beyond, and its meter has it still. */
const MAX_HELD = 4_096;
const RETRY_MS = 10_000;

/**
 * Receipts on their way from a tap to the redemptions. While the issuer cannot judge them, the gateway is their courier:
 * it keeps them and asks again, as their meter may not be tapped for days. Losing them loses no money: the meter shows
 * them until they are acknowledged, and any voucher shown again gives its opening again.
 */
export interface CarriedReceipts {
  /** Resolves when the receipt was heard, or is kept. */
  take(meterId: string, receipt: Uint8Array): Promise<void>;
  readonly held: number;
}

export function createCarriedReceipts(ports: {
  readonly voice: Pick<MeterVoice, 'receipt'>;
  readonly link: LinkName;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): CarriedReceipts {
  const { voice, link, clock, signal } = ports;
  const held = new Map<string, { readonly meterId: string; readonly receipt: Uint8Array }>();
  let isWaiting = false;

  function keep(name: string, one: { readonly meterId: string; readonly receipt: Uint8Array }): void {
    held.set(name, one);
    for (const oldest of held.keys()) {
      if (held.size <= MAX_HELD) break;
      held.delete(oldest);
    }
    retryLater();
  }

  function retryLater(): void {
    if (isWaiting || held.size === 0 || signal.aborted) return;
    isWaiting = true;
    clock.after(RETRY_MS, () => {
      void retry().finally(() => {
        isWaiting = false;
        retryLater();
      });
    });
  }

  async function retry(): Promise<void> {
    for (const [name, { meterId, receipt }] of held) {
      if (signal.aborted || (await voice.receipt(meterId, receipt, link)) === 'unread') return;
      held.delete(name);
    }
  }

  return {
    async take(meterId, receipt) {
      const heard = await voice.receipt(meterId, receipt, link);
      if (heard === 'unread') keep(bytesToHex(receipt), { meterId, receipt });
    },
    get held() {
      return held.size;
    },
  };
}
