import { bytesToHex, isFinalStatus, type RequestStatus, TapwattError } from '@tapwatt/firmware-contracts';
import type { RedemptionStep } from '../http/services.ts';
import type { Progress, Watcher } from '../redemption/types.ts';
import type { DeskPorts } from './ports.ts';
import { answerOf, endOfVoucher } from './voucher-progress.ts';

/** No handset's id: `~` is not among the characters of a name (WIRE.md). */
const LOCAL = '~local';
/** Redemptions that wait here at once; more are refused with BUSY. */
const MAX_WAITING = 256;

type LocalStep = Omit<RedemptionStep, 'atMs'>;
type Ports = Pick<DeskPorts, 'issuer' | 'redemptions' | 'unknownVouchers' | 'voucherOnLedger' | 'random'>;

/** Redemptions asked for by an operator of this gateway rather than by a handset's signed request. */
export interface LocalRedemptions {
  /** Ends with the last step, or when `signal` aborts. Throws BAD_FORMAT, BAD_MAC, BUSY. */
  redeem(voucher: Uint8Array, signal: AbortSignal): AsyncIterable<LocalStep>;
  /** Takes what the core tells a local watcher; `false` for a handset's. */
  tell(watcher: Watcher, progress: Progress): boolean;
}

export function createLocalRedemptions(ports: Ports): LocalRedemptions {
  const { issuer, redemptions } = ports;
  const waiting = new Map<string, (progress: Progress) => void>();

  return {
    tell(watcher, progress) {
      if (watcher.handsetId !== LOCAL) return false;
      waiting.get(watcher.requestId)?.(progress);
      return true;
    },
    async *redeem(voucher, signal) {
      if (waiting.size >= MAX_WAITING) throw new TapwattError('BUSY');
      const read = await issuer.readVoucher(voucher);
      const { voucherId, meterId, isUnchecked = false } = read;
      const credit = { voucherId, purpose: 'credit', isUnchecked } as const;
      const about = { redemptionId: voucherId, meterId: String(meterId) };
      const record = await ports.voucherOnLedger(voucherId);
      const ended = endOfVoucher(record, 'credit');
      if (ended !== undefined) {
        yield { ...about, ...ended, status: localStatus(ended.status) };
        return;
      }
      if (record === null) ports.unknownVouchers.shown(read, voucher);
      const requestId = bytesToHex(ports.random.bytes(16));
      const steps = createSteps(signal);
      const watcher: Watcher = { handsetId: LOCAL, requestId, asks: 'credit' };
      waiting.set(requestId, steps.push);
      try {
        redemptions.deliver(about.meterId, { ...credit, frame: voucher, watcher });
        for await (const progress of steps.all()) {
          yield { ...about, ...answerOf(progress), status: localStatus(progress.status) };
          if (isFinalStatus(progress.status)) return;
        }
      } finally {
        waiting.delete(requestId);
        redemptions.leave(about.meterId, watcher);
      }
    },
  };
}

/** A redemption's own statuses; a voucher whose cancel is under way waits for the meter's decision. */
function localStatus(status: RequestStatus): RedemptionStep['status'] {
  switch (status) {
    case 'accepted':
    case 'on-meter':
    case 'settled':
    case 'voided':
    case 'refused':
      return status;
    default:
      return 'pending';
  }
}

/** A redemption has few steps, so nothing piles up between two reads. */
function createSteps(signal: AbortSignal) {
  const steps: Progress[] = [];
  let wake = () => {};
  signal.addEventListener('abort', () => wake(), { once: true });
  return {
    push(progress: Progress): void {
      steps.push(progress);
      wake();
    },
    async *all(): AsyncGenerator<Progress> {
      while (!signal.aborted) {
        const step = steps.shift();
        if (step !== undefined) yield step;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
}
