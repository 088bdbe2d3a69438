import type { Role } from './context.ts';
import { recordVoucher } from './copies/record-voucher.ts';
import { recordRestore, resumeIssuing } from './copies/restores.ts';
import { orderEndOfEpoch } from './epochs/order.ts';
import { recordMeter } from './epochs/record-meter.ts';
import { withdrawOrder } from './epochs/withdraw.ts';
import * as events from './event-of.ts';
import type { Alarm, TransactionEvent } from './protocol/events.ts';
import type { TransactionName, TransactionRequest, TransactionResult } from './protocol/transactions.ts';
import { found } from './registry/genesis.ts';
import { registerMeter } from './registry/meters.ts';
import { registerAgency, registerAgent, registerGateway, registerHandset } from './registry/register.ts';
import { suspend } from './registry/suspend.ts';
import * as read from './requests.ts';
import { requestCancel } from './vouchers/cancel.ts';
import { issueVouchers } from './vouchers/issue.ts';
import { recoverOrphan } from './vouchers/orphan.ts';
import { releaseUnproven } from './vouchers/release.ts';
import { settleReceipts } from './vouchers/settle.ts';
import { confirmDeposit, proposeDeposit } from './wallet/deposits.ts';
import { closeWallet, freezeWallet, openWallet } from './wallet/wallets.ts';
import type { Work } from './work.ts';

/** One transaction: who may submit it, how its request is read, what it does, and what it tells. */
export interface Rule<N extends TransactionName> {
  /** `founder`: anybody, once, on an empty ledger. */
  readonly roles: readonly Role[] | 'founder';
  readonly read: (request: unknown) => TransactionRequest<N>;
  readonly run: (work: Work, request: TransactionRequest<N>) => Promise<TransactionResult<N>>;
  readonly event: (
    result: TransactionResult<N>,
    request: TransactionRequest<N>,
    alarms: readonly Alarm[],
  ) => TransactionEvent | undefined;
}

/** Every transaction of the ledger. */
export const RULES: { readonly [N in TransactionName]: Rule<N> } = {
  Genesis: { roles: 'founder', read: read.genesis, run: found, event: events.founded },
  RegisterAgency: {
    roles: ['discom'],
    read: read.registerAgency,
    run: registerAgency,
    event: events.partyChanged,
  },
  RegisterAgent: {
    roles: ['discom', 'agency'],
    read: read.registerAgent,
    run: registerAgent,
    event: events.partyChanged,
  },
  RegisterHandset: {
    roles: ['discom', 'agency'],
    read: read.registerHandset,
    run: registerHandset,
    event: events.partyChanged,
  },
  RegisterGateway: {
    roles: ['discom'],
    read: read.registerGateway,
    run: registerGateway,
    event: events.partyChanged,
  },
  RegisterMeter: {
    roles: ['discom'],
    read: read.registerMeter,
    run: registerMeter,
    event: events.meterChanged,
  },
  Suspend: { roles: ['discom', 'agency'], read: read.suspend, run: suspend, event: events.suspended },
  OpenWallet: {
    roles: ['discom', 'agency'],
    read: read.openWallet,
    run: openWallet,
    event: events.walletChanged,
  },
  ProposeDeposit: {
    roles: ['discom', 'agency'],
    read: read.proposeDeposit,
    run: proposeDeposit,
    event: events.depositProposed,
  },
  ConfirmDeposit: {
    roles: ['bank'],
    read: read.confirmDeposit,
    run: confirmDeposit,
    event: events.depositConfirmed,
  },
  FreezeWallet: {
    roles: ['discom', 'agency'],
    read: read.freezeWallet,
    run: freezeWallet,
    event: events.walletChanged,
  },
  CloseWallet: {
    roles: ['discom'],
    read: read.closeWallet,
    run: closeWallet,
    event: events.walletChanged,
  },
  IssueVouchers: {
    roles: ['gateway'],
    read: read.items,
    run: (work, { items }) => issueVouchers(work, items),
    event: events.vouchersIssued,
  },
  SettleReceipts: {
    roles: ['gateway'],
    read: read.items,
    run: (work, { items }) => settleReceipts(work, items),
    event: events.receiptsSettled,
  },
  RequestCancel: {
    roles: ['gateway', 'discom', 'agency'],
    read: read.requestCancel,
    run: requestCancel,
    event: events.cancelRequested,
  },
  ReleaseUnproven: {
    roles: ['discom', 'agency'],
    read: read.releaseUnproven,
    run: releaseUnproven,
    event: events.voucherReleased,
  },
  RotateMeterKey: {
    roles: ['gateway'],
    read: read.endEpoch,
    run: (work, request) => orderEndOfEpoch(work, 'RotateMeterKey', request),
    event: events.meterChanged,
  },
  CloseMeter: {
    roles: ['gateway'],
    read: read.endEpoch,
    run: (work, request) => orderEndOfEpoch(work, 'CloseMeter', request),
    event: events.meterChanged,
  },
  WithdrawOrder: {
    roles: ['gateway'],
    read: read.withdrawOrder,
    run: withdrawOrder,
    event: events.meterChanged,
  },
  RecordMeter: {
    roles: ['gateway'],
    read: read.recordMeter,
    run: recordMeter,
    event: events.meterRecorded,
  },
  RecordVoucher: {
    roles: ['gateway'],
    read: read.recordVoucher,
    run: recordVoucher,
    event: events.voucherRecorded,
  },
  RecordRestore: {
    roles: ['gateway'],
    read: read.recordRestore,
    run: recordRestore,
    event: events.ledgerChanged,
  },
  ResumeIssuing: {
    roles: ['discom'],
    read: read.resumeIssuing,
    run: resumeIssuing,
    event: events.ledgerChanged,
  },
  RecoverOrphan: {
    roles: ['discom', 'bank', 'agency'],
    read: read.recoverOrphan,
    run: recoverOrphan,
    event: events.orphanChanged,
  },
};
