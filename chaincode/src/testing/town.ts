import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  meterId as asMeterId,
  bytesToHex,
  type EpochKeys,
  encodeVoucher,
  epochKeys,
  hexToBytes,
  type MeterState,
  meterRootKey,
  parseRequest,
  presentVoucher,
  provisionMeter,
  rawPublicKey,
  sha256,
  signOrder,
  signRequest,
  statusOf,
  type VoucherFields,
  type VoucherId,
  voucherIdOf,
} from '@tapwatt/firmware-contracts';
import {
  type EndEpochRequest,
  type InvariantCarry,
  type IssueItem,
  type IssueItemResult,
  MemoryState,
  type QueryName,
  type QueryRequest,
  type QueryResult,
  type Role,
  runQuery,
  runTransaction,
  type SettlementResult,
  type TransactionContext,
  type TransactionName,
  type TransactionOutcome,
  type TransactionRequest,
  type TransactionResult,
  unsealed,
  type Violation,
  type VoucherRecord,
} from '../index.ts';
import { recordedTwice } from './recorded-twice.ts';

const MASTER = new Uint8Array(32).fill(7);
const ISSUED_AT = 1_795_000_000;
const LEDGER_ID = 'town';
const CLOCK = { now: ISSUED_AT + 60, trust: 2 } as const;

const FOUNDERS: Readonly<Record<string, Role>> = {
  discom: 'discom',
  discom2: 'discom',
  bank: 'bank',
  agency: 'agency',
  agency2: 'agency',
  gateway: 'gateway',
  auditor: 'auditor',
};

export interface Purchase {
  readonly requestId: string;
  readonly handset?: string;
  readonly walletId?: string;
  readonly meterId?: string;
  readonly amount?: string;
  readonly expiresAt?: number;
  readonly aud?: string;
}

/** A small town for tests: a ledger, its parties, an issuer with the keys, and real meters. Every transaction is run twice. */
export class Town {
  readonly state = new MemoryState();
  readonly meters = new Map<string, MeterState>();
  readonly #keys = new Map<string, KeyObject>();
  #block = 0;

  /** Agent `agent` with handset `phone` and wallet `wallet` (1,000.00), agent `rival` likewise without money; meters 1 and 2. */
  static async open(): Promise<Town> {
    const town = new Town();
    const founders = Object.entries(FOUNDERS).map(([id, role]) => ({ id, role, publicKey: town.newKey(id) }));
    const parties = founders as TransactionRequest<'Genesis'>['parties'];
    await town.submit('Genesis', { ledgerId: LEDGER_ID, parties });
    for (const [agentId, id] of [
      ['agent', 'phone'],
      ['rival', 'rival-phone'],
    ] as const) {
      await town.submit('RegisterAgent', { id: agentId, agencyId: 'agency' });
      await town.submit('RegisterHandset', { id, agentId, publicKey: town.newKey(id) });
    }
    await town.submit('OpenWallet', { walletId: 'wallet', agentId: 'agent' });
    await town.submit('OpenWallet', { walletId: 'rival-wallet', agentId: 'rival' });
    await town.deposit('wallet', '100000');
    for (const meterId of ['1', '2']) await town.addMeter(meterId);
    return town;
  }

  newKey(id: string): string {
    const { privateKey } = generateKeyPairSync('ed25519');
    this.#keys.set(id, privateKey);
    return rawPublicKey(privateKey);
  }

  key(id: string): KeyObject {
    const key = this.#keys.get(id);
    if (key === undefined) throw new Error(`${id} has no key`);
    return key;
  }

  async addMeter(meterId: string): Promise<void> {
    await this.submit('RegisterMeter', { meterId });
    const id = asMeterId(meterId);
    const root = meterRootKey(MASTER, id);
    this.meters.set(meterId, provisionMeter({ meterId: id, root, keyEpoch: 1, balanceLimit: 10n ** 12n }));
  }

  async deposit(walletId: string, amount: string): Promise<void> {
    const depositId = `deposit-${this.#block}`;
    await this.submit('ProposeDeposit', { depositId, walletId, amount }, 'agency');
    await this.submit('ConfirmDeposit', { depositId, utr: depositId }, 'bank');
  }

  async outcome<N extends TransactionName>(
    name: N,
    request: TransactionRequest<N>,
    { by = 'discom', ...context }: { by?: string } & Partial<TransactionContext> = {},
  ): Promise<TransactionOutcome<N>> {
    this.#block += 1;
    const txId = `tx-${this.#block}`;
    const submitter = { partyId: by, role: FOUNDERS[by] ?? 'handset' };
    const run = (state: TransactionContext['state']) =>
      runTransaction(name, request, { submitter, txId, ...context, state });
    return recordedTwice(this.state.during(txId, this.#block), run);
  }

  async submit<N extends TransactionName>(
    name: N,
    request: TransactionRequest<N>,
    by?: string,
  ): Promise<TransactionResult<N>> {
    return (await this.outcome(name, request, by === undefined ? {} : { by })).result;
  }

  query<N extends QueryName>(name: N, request: QueryRequest<N>): Promise<QueryResult<N>> {
    return runQuery(name, request, this.state);
  }

  signed(handset: string, payload: object): string {
    const request = { aud: LEDGER_ID, at: ISSUED_AT, ...payload };
    return signRequest(request, { kid: handset, privateKey: this.key(handset) });
  }

  order(party: string, op: string, body: { requestId: string; request: object }): string {
    const payload = { aud: LEDGER_ID, at: ISSUED_AT, op, ...body };
    return signOrder(payload, { kid: party, privateKey: this.key(party) });
  }

  keysOf(meterId: string, keyEpoch: number): EpochKeys {
    return epochKeys(meterRootKey(MASTER, asMeterId(meterId)), keyEpoch);
  }

  /** What the issuer would propose for a purchase now. */
  async proposal(purchase: Purchase): Promise<IssueItem> {
    const { handset = 'phone', meterId = '1', amount = '5000', walletId = 'wallet', ...rest } = purchase;
    const jws = this.signed(handset, { op: 'issue', walletId, meterId, amount, deliver: true, ...rest });
    const meter = await this.query('GetMeter', { meterId });
    const { keyEpoch = 1, nextSeq: seq = 1, floorSeq = 1 } = meter ?? {};
    return this.propose(jws, { meterId, keyEpoch, seq, floorSeq });
  }

  propose(jws: string, at: { meterId: string; keyEpoch: number; seq: number; floorSeq: number }): IssueItem {
    const { payloadHash } = parseRequest(jws);
    const { keyEpoch, seq, floorSeq } = at;
    const voucherId = voucherIdOf({ meterId: asMeterId(at.meterId), keyEpoch, seq, payloadHash });
    const keys = this.keysOf(at.meterId, keyEpoch);
    const hashOf = (kind: 'fulfil' | 'void') => bytesToHex(sha256(keys.opening(kind, voucherId)));
    const fulfilHash = hashOf('fulfil');
    return {
      jws,
      keyEpoch,
      seq,
      floorSeq,
      voucherId,
      fulfilHash,
      voidHash: hashOf('void'),
      issuedAt: ISSUED_AT,
    };
  }

  async issue(purchase: Purchase): Promise<IssueItemResult> {
    return this.issueItem(await this.proposal(purchase));
  }

  async issueItem(item: IssueItem): Promise<IssueItemResult> {
    const { items } = await this.submit('IssueVouchers', { items: [item] }, 'gateway');
    const [result] = items;
    if (result === undefined) throw new Error('an item without a result');
    return result;
  }

  /** Buys a voucher that must be issued. */
  async buy(requestId: string, purchase: Omit<Purchase, 'requestId'> = {}): Promise<string> {
    const result = await this.issue({ requestId, ...purchase });
    if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
    return result.voucherId;
  }

  async voucher(voucherId: string): Promise<VoucherRecord> {
    const voucher = await this.query('CheckVoucher', { voucherId });
    if (voucher === null) throw new Error(`no voucher ${voucherId}`);
    return voucher;
  }

  async seal(voucherId: string): Promise<Uint8Array> {
    return this.#encode(creditOf(await this.voucher(voucherId)));
  }

  async sealVoid(voucherId: string): Promise<Uint8Array> {
    return this.#encode({ ...creditOf(await this.voucher(voucherId)), kind: 2, amount: 0n, expiresAt: 0 });
  }

  /** The bytes of a credit that this town's ledger knows nothing of. */
  encodeCredit(
    credit: Pick<IssueItem, 'keyEpoch' | 'seq' | 'voucherId' | 'floorSeq'> & {
      meterId: string;
      amount: bigint;
    },
  ): Uint8Array {
    const ids = { meterId: asMeterId(credit.meterId), voucherId: credit.voucherId as VoucherId };
    return this.#encode({ ...credit, ...ids, kind: 1, issuedAt: ISSUED_AT, expiresAt: 0 });
  }

  #encode(fields: VoucherFields): Uint8Array {
    return encodeVoucher(fields, this.keysOf(`${fields.meterId}`, fields.keyEpoch));
  }

  /** Shows bytes to a meter and answers its receipt, hex. */
  show(meterId: string, frame: Uint8Array): string {
    const meter = this.meters.get(meterId);
    if (meter === undefined) throw new Error(`no meter ${meterId}`);
    const { state, receipt } = presentVoucher(meter, frame, CLOCK);
    this.meters.set(meterId, state);
    return bytesToHex(receipt);
  }

  async credit(voucherId: string): Promise<string> {
    return this.show((await this.voucher(voucherId)).meterId, await this.seal(voucherId));
  }

  async voidAt(voucherId: string): Promise<string> {
    return this.show((await this.voucher(voucherId)).meterId, await this.sealVoid(voucherId));
  }

  async settle(receipt: string): Promise<SettlementResult> {
    const { items } = await this.submit('SettleReceipts', { items: [{ receipt }] }, 'gateway');
    const [result] = items;
    if (result === undefined) throw new Error('an item without a result');
    return result;
  }

  cancel(voucherId: string): Promise<TransactionResult<'RequestCancel'>> {
    return this.submit('RequestCancel', { voucherId, reason: 'EXPIRED' }, 'gateway');
  }

  async release(voucherId: string): Promise<void> {
    await this.submit('ReleaseUnproven', { voucherId, reason: 'meter lost' }, 'discom');
    await this.submit('ReleaseUnproven', { voucherId, reason: 'meter lost' }, 'agency');
  }

  /** Lifts a halt, without or with a new quarantine of every meter. */
  async resume(quarantine = false): Promise<void> {
    await this.submit('ResumeIssuing', { reason: 'test', quarantine });
  }

  /** What a restore from a backup commits first. */
  async recordRestore(): Promise<void> {
    await this.submit('RecordRestore', { number: 1, hash: 'ab'.repeat(32), at: ISSUED_AT }, 'gateway');
  }

  /** Shows the ledger the meter's own figures. */
  read(meterId: string): Promise<TransactionResult<'RecordMeter'>> {
    return this.submit('RecordMeter', { status: this.status(meterId) }, 'gateway');
  }

  /** Shows the ledger a sealed voucher that a handset brought. */
  bring(frame: Uint8Array): Promise<TransactionResult<'RecordVoucher'>> {
    return this.submit('RecordVoucher', { voucher: unsealed(frame) }, 'gateway');
  }

  /** Renews the meter's key, as the gateway does by itself, up to the settled C. */
  async renewKey(meterId: string, requestId: string): Promise<SettlementResult> {
    const orderId = await this.endEpoch('RotateMeterKey', meterId, requestId);
    return this.settle(this.show(meterId, await this.sealOrder(orderId)));
  }

  status(meterId: string): string {
    const meter = this.meters.get(meterId);
    if (meter === undefined) throw new Error(`no meter ${meterId}`);
    return bytesToHex(statusOf(meter, { stateBits: 1, meterTime: CLOCK.now }));
  }

  async endEpochRequest(
    op: 'RotateMeterKey' | 'CloseMeter',
    meterId: string,
    { requestId, by = 'discom' }: { requestId: string; by?: string },
  ): Promise<EndEpochRequest> {
    const jws = this.order(by, op, { requestId, request: { meterId, reason: 'test' } });
    const { keyEpoch = 1 } = (await this.query('GetMeter', { meterId })) ?? {};
    const [, payload = ''] = jws.split('.');
    const payloadHash = sha256(new Uint8Array(Buffer.from(payload, 'base64url')));
    const voucherId = voucherIdOf({ meterId: asMeterId(meterId), keyEpoch, seq: 0, payloadHash });
    const closeHash = bytesToHex(sha256(this.keysOf(meterId, keyEpoch).opening('close', voucherId)));
    return { jws, keyEpoch, voucherId, closeHash, issuedAt: ISSUED_AT };
  }

  async endEpoch(op: 'RotateMeterKey' | 'CloseMeter', meterId: string, requestId: string): Promise<string> {
    const request = await this.endEpochRequest(op, meterId, { requestId });
    return (await this.submit(op, request, 'gateway')).voucherId;
  }

  async sealOrder(voucherId: string): Promise<Uint8Array> {
    const order = await this.query('GetOrder', { voucherId });
    if (order === null) throw new Error(`no order ${voucherId}`);
    return this.#encode({
      kind: order.kind,
      meterId: asMeterId(order.meterId),
      keyEpoch: order.keyEpoch,
      seq: 0,
      amount: 0n,
      issuedAt: order.issuedAt,
      expiresAt: 0,
      voucherId: voucherId as VoucherId,
      floorSeq: 0,
    });
  }

  async balance(walletId = 'wallet'): Promise<string> {
    return (await this.query('GetWallet', { walletId }))?.balance ?? 'none';
  }

  /** Every violation that a check in pages of so many records finds. */
  async violations(limit = 50): Promise<readonly Violation[]> {
    const found: Violation[] = [];
    let after: string | undefined;
    let carry: InvariantCarry = { sums: {} };
    do {
      const request = { limit, carry, history: true, ...(after === undefined ? {} : { after }) };
      const page = await this.query('CheckInvariants', request);
      found.push(...page.violations);
      carry = page.carry;
      after = page.next;
    } while (after !== undefined);
    return found;
  }
}

const creditOf = (voucher: VoucherRecord): VoucherFields => ({
  kind: voucher.kind,
  meterId: asMeterId(voucher.meterId),
  keyEpoch: voucher.keyEpoch,
  seq: voucher.seq,
  amount: BigInt(voucher.amount),
  issuedAt: voucher.issuedAt,
  expiresAt: voucher.expiresAt,
  voucherId: voucher.voucherId as VoucherId,
  floorSeq: voucher.floorSeq,
});

export const bytesOf = hexToBytes;
