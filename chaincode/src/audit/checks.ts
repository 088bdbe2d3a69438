import { bytesToHex, decodeReceipt, hexToBytes, sha256 } from '@tapwatt/firmware-contracts';
import type { PostingRecord } from '../money/posting.ts';
import type { DepositRecord, OrphanRecord, VoucherRecord, VoucherStatus } from '../protocol/records.ts';
import { isUncleared, type MeterRecord } from '../registry/meter-record.ts';
import { KEY } from '../state/keys.ts';
import type { QueryState } from '../state/ports.ts';
import type { WalletRecord } from '../wallet/wallet-record.ts';
import { lifeOf } from './life.ts';
import type { SumName, Tally } from './sums.ts';

export interface Checking {
  readonly state: QueryState;
  readonly tally: Tally;
  /** The ledger's count of restores. */
  readonly restores: number;
  /** Whether to walk each voucher's history too. */
  readonly history: boolean;
}

type Check<R> = (checking: Checking, key: string, record: R) => Promise<void> | void;

const checkWallet: Check<WalletRecord> = ({ tally }, key, { balance }) => {
  if (BigInt(balance) < 0n) tally.fail('I1', key, `the balance is ${balance}`);
  tally.add('wallets', BigInt(balance));
};

const checkDeposit: Check<DepositRecord> = ({ tally }, _key, { status, amount }) => {
  if (status === 'CONFIRMED') tally.add('deposits-confirmed', BigInt(amount));
};

const accountSum = (account: PostingRecord['account']): SumName =>
  (account.startsWith('receivable.') ? 'receivable' : account) as SumName;

/** Debits less credits. */
const checkPosting: Check<PostingRecord> = ({ tally }, _key, { account, entries }) => {
  for (const { kind, debit, credit } of entries) {
    tally.add(accountSum(account), BigInt(debit) - BigInt(credit));
    if (account === 'bank' && kind === 'deposit') tally.add('bank-deposits', BigInt(debit));
    if (account !== 'meter-credit') continue;
    if (kind === 'redeem') tally.add('redeem-postings', BigInt(credit));
    if (kind === 'late') tally.add('late-postings', BigInt(credit));
    if (kind === 'orphan') tally.add('orphan-postings', BigInt(credit));
  }
};

const checkOrphan: Check<OrphanRecord> = ({ tally }, _key, { amount, status }) => {
  tally.add('orphans', BigInt(amount));
  if (status === 'RECOVERED') tally.add('orphans-booked', BigInt(amount));
};

const checkMeter: Check<MeterRecord> = async (checking, key, meter) => {
  const { tally } = checking;
  let listed = 0n;
  for (const { voucherId, amount } of meter.open) {
    listed += BigInt(amount);
    await checkListed(checking, meter, voucherId);
  }
  const distinct = new Set(meter.open.map(({ voucherId }) => voucherId)).size;
  if (distinct !== meter.open.length) tally.fail('I1', key, 'lists a voucher twice');
  tally.add('listed-amount', listed);
  tally.add('listed-count', BigInt(meter.open.length));
  tally.add('settled', BigInt(meter.settled));
  tally.add('listed-unproven', BigInt(meter.unproven));
  checkRegister(checking, { key, meter, listed });
};

async function checkListed({ state, tally }: Checking, meter: MeterRecord, voucherId: string): Promise<void> {
  const key = KEY.voucher(voucherId);
  const text = await state.get(key);
  if (text === undefined)
    return tally.fail('I1', key, `meter ${meter.meterId} lists it, and it does not exist`);
  const { status, meterId } = JSON.parse(text) as VoucherRecord;
  if (meterId !== meter.meterId)
    tally.fail('I1', key, `meter ${meter.meterId} lists it, and it is ${meterId}’s`);
  if (!isOpen(status)) tally.fail('I1', key, `meter ${meterId} lists it as open, and it is ${status}`);
}

/** I2, as far as the ledger has been shown the meter's register; what a restore forgot is looked for until it is cleared. */
function checkRegister(
  { tally, restores }: Checking,
  { key, meter, listed }: { readonly key: string; readonly meter: MeterRecord; readonly listed: bigint },
): void {
  if (meter.seen === undefined) return;
  const register = BigInt(meter.seen.cumulativeCredited);
  const settled = BigInt(meter.settled);
  const most = settled + listed + BigInt(meter.unproven);
  if (register < settled) tally.fail('I2', key, `settled ${settled}, the meter’s register says ${register}`);
  if (register > most && !isUncleared(restores, meter))
    tally.fail('I2', key, `the meter’s register says ${register}, at most ${most} is accounted for`);
}

const checkVoucher: Check<VoucherRecord> = async (checking, key, voucher) => {
  const { tally } = checking;
  const amount = BigInt(voucher.amount);
  checkProof(tally, key, voucher);
  if (isOpen(voucher.status)) {
    tally.add('open-amount', amount);
    tally.add('open-count', 1n);
  }
  if (voucher.status === 'REDEEMED')
    tally.add(voucher.released === undefined ? 'redeemed' : 'redeemed-late', amount);
  if (voucher.status === 'RELEASED' && voucher.receipt === undefined) tally.add('unproven', amount);
  if (checking.history) await checkLife(checking, key, voucher);
};

const isOpen = (status: VoucherStatus): boolean => status === 'ISSUED' || status === 'CANCELLING';

/** REDEEMED and VOIDED stand on the opening in the meter's receipt. */
function checkProof(
  tally: Tally,
  key: string,
  { voucherId, status, receipt, fulfilHash, voidHash }: VoucherRecord,
): void {
  const shown = receipt === undefined ? undefined : shownHash(receipt, voucherId);
  if (status === 'REDEEMED' && shown !== fulfilHash) tally.fail('I3', key, 'REDEEMED without F');
  if (status === 'VOIDED' && shown !== voidHash) tally.fail('I3', key, 'VOIDED without V');
  if (status === 'RELEASED' && shown !== undefined && shown !== voidHash) {
    tally.fail('I3', key, 'RELEASED with another opening than V');
  }
  if (isOpen(status) && receipt !== undefined) tally.fail('I3', key, `${status} though an opening was shown`);
}

/** SHA-256 of the opening that a receipt shows for this voucher; `nothing` where it shows none. */
function shownHash(receipt: string, voucherId: string): string {
  const decoded = decodeReceipt(hexToBytes(receipt));
  if (!decoded.ok || decoded.fields.voucherId !== voucherId) return 'nothing';
  return bytesToHex(sha256(decoded.fields.opening));
}

const FOLLOWS: Readonly<Record<VoucherStatus, readonly VoucherStatus[]>> = {
  ISSUED: ['CANCELLING', 'REDEEMED', 'VOIDED'],
  CANCELLING: ['CANCELLING', 'REDEEMED', 'VOIDED', 'RELEASED'],
  RELEASED: ['RELEASED', 'REDEEMED'],
  REDEEMED: [],
  VOIDED: [],
};

/** Credited at most once, ever: its history takes only the steps of the state machine. */
async function checkLife({ state, tally }: Checking, key: string, voucher: VoucherRecord): Promise<void> {
  const statuses = ((await lifeOf(state, voucher.voucherId))?.steps ?? []).map(({ status }) => status);
  if (statuses[0] !== 'ISSUED') tally.fail('I3', key, `its history begins with ${statuses[0] ?? 'nothing'}`);
  if (statuses.at(-1) !== voucher.status)
    tally.fail('I3', key, `its history ends with ${statuses.at(-1) ?? 'nothing'}`);
  statuses.slice(1).forEach((to, index) => {
    const from = statuses[index];
    if (from !== undefined && !FOLLOWS[from].includes(to))
      tally.fail('I3', key, `went from ${from} to ${to}`);
  });
}

/** The records under a prefix are what the rules wrote there. */
const of =
  <R>(check: Check<R>): Check<unknown> =>
  (checking, key, record) =>
    check(checking, key, record as R);

/** What is checked of each kind of record, by the prefix of its key. */
export const CHECKS: Readonly<Record<string, Check<unknown>>> = {
  'ACC~': of(checkWallet),
  'DEP~': of(checkDeposit),
  'MTR~': of(checkMeter),
  'ORP~': of(checkOrphan),
  'POST~': of(checkPosting),
  'VCH~': of(checkVoucher),
};
