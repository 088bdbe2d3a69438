import type { VoucherRecord } from '@tapwatt/chaincode';
import type { Clock, Random } from '../edges/edges.ts';
import type { Issuer } from '../issuer/issuer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RedemptionObserver } from '../redemption/observer.ts';
import type { Redemptions } from '../redemption/redemptions.ts';
import type { VerifySignature } from './authenticate.ts';
import type { Issuance } from './issuance.ts';
import type { RequestJournal } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { UnknownVouchers } from './unknown-vouchers.ts';

/** What serving handsets' requests needs. */
export interface DeskPorts {
  readonly ledgerId: string;
  /** What one voucher may be worth, minor units. */
  readonly amounts: { readonly minMinor: bigint; readonly maxMinor: bigint };
  readonly ledger: Ledger;
  readonly issuer: Issuer;
  readonly issuance: Issuance;
  readonly redemptions: Redemptions;
  readonly unknownVouchers: UnknownVouchers;
  readonly journal: RequestJournal;
  readonly outbox: Outbox;
  readonly observer: RedemptionObserver;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Without it, off the main thread. */
  readonly verifySignature?: VerifySignature | undefined;
  /** The ledger's record of a voucher; `null` when it says that it has none, `undefined` when it cannot be reached. */
  voucherOnLedger(voucherId: string): Promise<VoucherRecord | null | undefined>;
}
