import type { Alarm, TransactionEvent } from './protocol/events.ts';
import type { TransactionName, TransactionRequest, TransactionResult } from './protocol/transactions.ts';

type Result<N extends TransactionName> = TransactionResult<N>;
type Maybe = TransactionEvent | undefined;

export const founded = ({ ledgerId }: Result<'Genesis'>): Maybe => ({
  name: 'LedgerFounded',
  payload: { ledgerId },
});

export const ledgerChanged = ({ restores }: { readonly restores: number }): Maybe => ({
  name: 'LedgerChanged',
  payload: { restores },
});

export const partyChanged = ({ id }: { readonly id: string }): Maybe => ({
  name: 'PartyChanged',
  payload: { id },
});

export const meterChanged = (
  result: { readonly meter: { readonly meterId: string }; readonly repeated?: boolean },
  _request: unknown,
  alarms: readonly Alarm[],
): Maybe =>
  result.repeated === true
    ? undefined
    : { name: 'MeterChanged', payload: { meterId: result.meter.meterId, ...told(alarms) } };

export const meterRecorded = (
  { changed, meter }: Result<'RecordMeter'>,
  _request: unknown,
  alarms: readonly Alarm[],
): Maybe =>
  changed ? { name: 'MeterChanged', payload: { meterId: meter.meterId, ...told(alarms) } } : undefined;

export const voucherRecorded = (_result: unknown, _request: unknown, alarms: readonly Alarm[]): Maybe => {
  const [halted] = alarms;
  return halted && { name: 'MeterChanged', payload: { meterId: halted.meterId, alarms } };
};

export const suspended = (_result: unknown, request: TransactionRequest<'Suspend'>): Maybe =>
  'meterId' in request
    ? { name: 'MeterChanged', payload: { meterId: request.meterId } }
    : { name: 'PartyChanged', payload: { id: request.id } };

export const walletChanged = ({ walletId }: { readonly walletId: string }): Maybe => ({
  name: 'WalletChanged',
  payload: { walletId },
});

export const depositProposed = (
  { depositId, repeated }: Result<'ProposeDeposit'>,
  { walletId }: TransactionRequest<'ProposeDeposit'>,
): Maybe => (repeated ? undefined : { name: 'DepositChanged', payload: { depositId, walletId } });

export const depositConfirmed = ({ depositId, walletId, repeated }: Result<'ConfirmDeposit'>): Maybe =>
  repeated ? undefined : { name: 'DepositChanged', payload: { depositId, walletId } };

export function vouchersIssued({ items }: Result<'IssueVouchers'>): Maybe {
  const issued = items.flatMap((item) =>
    item.ok && !item.repeated
      ? [{ voucherId: item.voucherId, meterId: item.meterId, seq: item.seq, deliver: item.deliver }]
      : [],
  );
  return issued.length === 0 ? undefined : { name: 'VouchersIssued', payload: { items: issued } };
}

export function receiptsSettled(
  { items }: Result<'SettleReceipts'>,
  _request: unknown,
  alarms: readonly Alarm[],
): Maybe {
  const settled = items.flatMap(({ voucherId, meterId, outcome, repeated }) =>
    repeated || outcome === 'nothing' || outcome === 'refused' ? [] : [{ voucherId, meterId, outcome }],
  );
  if (settled.length === 0 && alarms.length === 0) return undefined;
  return { name: 'ReceiptsSettled', payload: { items: settled, ...told(alarms) } };
}

export function cancelRequested({ repeated, voucher }: Result<'RequestCancel'>): Maybe {
  if (repeated || voucher === undefined) return undefined;
  const { voucherId, meterId, status } = voucher;
  return { name: 'VoucherChanged', payload: { voucherId, meterId, status } };
}

export const voucherReleased = ({ voucherId, meterId, state, repeated }: Result<'ReleaseUnproven'>): Maybe =>
  repeated || state !== 'released'
    ? undefined
    : { name: 'VoucherChanged', payload: { voucherId, meterId, status: 'RELEASED' } };

export const orphanChanged = (
  { state, repeated }: Result<'RecoverOrphan'>,
  { meterId, voucherId }: TransactionRequest<'RecoverOrphan'>,
): Maybe =>
  repeated ? undefined : { name: 'OrphanChanged', payload: { meterId, voucherId, status: state } };

const told = (alarms: readonly Alarm[]): { alarms?: readonly Alarm[] } =>
  alarms.length === 0 ? {} : { alarms };
