import type { ErrorCode, ReceiptFields, StatusFields } from '@tapwatt/firmware-contracts';
import type { LinkName } from './types.ts';

/** Hears what happens to vouchers and meters: the live view and the log. Never decides anything. */
export interface RedemptionObserver {
  issued(of: {
    voucherId: string;
    meterId: string;
    amount: string;
    startedMs: number;
    repeated: boolean;
  }): void;
  /** Without `link`, by whichever reaches the meter. */
  presented(of: {
    voucherId: string;
    meterId: string;
    kind: number;
    attempt: number;
    link: LinkName | undefined;
  }): void;
  answered(of: { meterId: string; fields: ReceiptFields; link: LinkName }): void;
  onMeter(of: { voucherId: string; meterId: string; link: LinkName }): void;
  settled(of: { voucherId: string; meterId: string; outcome: string; txId: string; repeated: boolean }): void;
  refused(of: {
    voucherId?: string;
    meterId?: string;
    requestId?: string;
    code: ErrorCode;
    message: string;
    /** What failed, where it is a fault of the gateway's own. */
    error?: unknown;
  }): void;
  alarm(of: { voucherId?: string; meterId: string; code: ErrorCode; message: string }): void;
  reachable(meterId: string, reachable: boolean): void;
  status(fields: StatusFields): void;
}
