import type {
  DepositRecord,
  LedgerRecord,
  OrderRecord,
  OrphanRecord,
  PartyRecord,
  RequestRecord,
  VoucherRecord,
  WalletSummary,
} from '@tapwatt/chaincode';
import { isForged } from '../faults/forged-name.ts';
import type { World } from '../world.ts';

type Writes = readonly (readonly [key: string, record: unknown])[];

/** What a meter's record says about whether anything may be sold to it. */
interface MeterState {
  readonly closed: boolean;
  readonly suspended: boolean;
  readonly quarantine?: string;
  readonly order?: { readonly voucherId: string };
  readonly keyEpoch: number;
  readonly open: readonly { readonly keyEpoch: number }[];
  readonly cleared?: { readonly restores: number };
}

const MAY_RELEASE: ReadonlySet<string> = new Set(['discom', 'agency']);
const MAY_RECOVER: ReadonlySet<string> = new Set(['discom', 'bank', 'agency']);
const MAY_END_EPOCH: Readonly<Record<OrderRecord['kind'], ReadonlySet<string>>> = {
  4: new Set(['discom']),
  6: new Set(['discom', 'gateway']),
};

/**
 * That whatever changed the books was allowed to (DESIGN.md, "The ledger"), told from the records alone: a voucher is sold
 * to a handset in good standing, from its agent's open wallet, for a meter that may be sold to; a deposit is confirmed by
 * a bank, and money that nobody proved is moved by two people. What a liar signed has no other end than a refusal.
 */
export class Rights {
  readonly #world: World;
  /** What the records said before the newest commit, by key. */
  readonly #known = new Map<string, unknown>();
  readonly #references = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The ledger is another one from now on. */
  forget(): void {
    this.#known.clear();
    this.#references.clear();
  }

  /** What another ledger has written so far. */
  become(other: Rights): void {
    this.forget();
    for (const [key, record] of other.#known) this.#known.set(key, record);
    for (const [reference, depositId] of other.#references) this.#references.set(reference, depositId);
  }

  /** The ledger is the one with these rows: how they came about was held when they were written. */
  load(rows: Writes): void {
    this.forget();
    this.#remember(rows);
  }

  /** The writes of one durable commit, whole. */
  committed(writes: Writes): void {
    const written = new Map(writes);
    for (const [key, record] of writes) {
      const isNew = !this.#known.has(key);
      if (key.startsWith('VCH~')) this.#voucher(record as VoucherRecord, { isNew, written });
      else if (key.startsWith('ACC~')) this.#wallet(key, record as WalletSummary);
      else if (key.startsWith('DEP~')) this.#deposit(record as DepositRecord);
      else if (key.startsWith('ORP~')) this.#orphan(record as OrphanRecord);
      else if (key.startsWith('ORD~') && isNew) this.#order(record as OrderRecord, written);
      else if (key.startsWith('REQ~')) this.#request(key, record as RequestRecord);
    }
    this.#remember(writes);
  }

  #remember(writes: Writes): void {
    for (const [key, record] of writes) {
      if (/^(?:PTY|ACC|MTR|VCH|LDG|ORD)~/.test(key)) this.#known.set(key, record);
      if (key.startsWith('DEP~')) this.#refer(record as DepositRecord);
    }
  }

  #refer({ utr, confirmedBy, depositId }: DepositRecord): void {
    if (utr !== undefined) this.#references.set(`${confirmedBy}~${utr}`, depositId);
  }

  #voucher(
    voucher: VoucherRecord,
    of: { readonly isNew: boolean; readonly written: Map<string, unknown> },
  ): void {
    const { voucherId, released, release, cancel } = voucher;
    if (of.isNew) this.#sale(voucher, of.written);
    if (release !== undefined && cancel === undefined)
      this.#world.violated('rights', `the release of ${voucherId} was proposed, and nobody cancelled it`);
    for (const decision of [release, released])
      if (decision !== undefined) this.#requireRole(decision.by, MAY_RELEASE, `released ${voucherId}`);
  }

  #sale(voucher: VoucherRecord, written: Map<string, unknown>): void {
    const { voucherId, kid, agentId, walletId, meterId } = voucher;
    /** A commit may hold several transactions in any order: what was so before it and after it was so at the sale. */
    const wasSo = <R>(key: string, isSo: (record: R) => boolean): boolean =>
      [this.#known.get(key), written.get(key) ?? this.#known.get(key)].every(
        (record) => record !== undefined && isSo(record as R),
      );
    const meter = (isSo: (record: MeterState) => boolean): boolean => wasSo(`MTR~${meterId}`, isSo);
    const ledger = (isSo: (record: LedgerRecord) => boolean): boolean => wasSo('LDG~ledger', isSo);
    const restores = (written.get('LDG~ledger') as LedgerRecord | undefined)?.restores ?? this.#restores;
    const wrongs: Readonly<Record<string, boolean>> = {
      [`to ${kid}, which is suspended`]: wasSo<PartyRecord>(`PTY~${kid}`, ({ suspended }) => suspended),
      [`to ${kid} for ${agentId}`]: wasSo<PartyRecord>(`PTY~${kid}`, (party) => party.agentId !== agentId),
      [`for ${agentId}, who is suspended`]: wasSo<PartyRecord>(
        `PTY~${agentId}`,
        ({ suspended }) => suspended,
      ),
      [`from ${walletId}, which is another’s`]: wasSo<WalletSummary>(
        `ACC~${walletId}`,
        (wallet) => wallet.agentId !== agentId,
      ),
      [`from ${walletId}, which is not open`]: wasSo<WalletSummary>(
        `ACC~${walletId}`,
        ({ state }) => state !== 'open',
      ),
      [`for meter ${meterId}, which is closed`]: meter(({ closed }) => closed),
      [`for meter ${meterId}, which is suspended`]: meter(({ suspended }) => suspended),
      [`for meter ${meterId}, which is quarantined`]: meter(({ quarantine }) => quarantine !== undefined),
      [`for meter ${meterId}, whose epoch ends`]: meter(({ order }) => order !== undefined),
      [`for meter ${meterId}, which was not cleared`]: meter(
        ({ cleared }) => restores > (cleared?.restores ?? 0),
      ),
      'while the ledger was halted': ledger(({ halted }) => halted !== undefined),
    };
    for (const [what, isWrong] of Object.entries(wrongs))
      if (isWrong) this.#world.violated('rights', `${voucherId} was sold ${what}`);
  }

  get #restores(): number {
    return (this.#known.get('LDG~ledger') as LedgerRecord | undefined)?.restores ?? 0;
  }

  /** Whoever closes a wallet has its money paid out. */
  #wallet(key: string, { state, balance }: WalletSummary): void {
    const before = this.#known.get(key) as WalletSummary | undefined;
    if (state === 'closed' && before?.state !== 'closed' && balance !== '0')
      this.#world.violated('rights', `${key} was closed, and ${balance} stayed in it`);
  }

  #deposit({ depositId, status, utr, confirmedBy = '' }: DepositRecord): void {
    if (status !== 'CONFIRMED') return;
    this.#requireRole(confirmedBy, new Set(['bank']), `confirmed ${depositId}`);
    const other = this.#references.get(`${confirmedBy}~${utr}`);
    if (other !== undefined && other !== depositId)
      this.#world.violated('rights', `${utr} was paid in twice, for ${other} and ${depositId}`);
  }

  #orphan({ voucherId, status, proposal, recoveredBy = '', amount }: OrphanRecord): void {
    if (status !== 'RECOVERED') return;
    for (const by of [proposal?.by ?? '', recoveredBy])
      this.#requireRole(by, MAY_RECOVER, `booked ${voucherId}`);
    if (proposal?.by === recoveredBy || proposal?.amount !== amount)
      this.#world.violated('rights', `orphan ${voucherId} was booked by ${recoveredBy} alone`);
  }

  /** One end of an epoch at a time, of the epoch that the meter is in, and while nothing of the one before is open. */
  #order({ voucherId, kid, kind, meterId, keyEpoch }: OrderRecord, written: Map<string, unknown>): void {
    this.#requireRole(kid, MAY_END_EPOCH[kind], `ordered ${voucherId}`);
    const before = this.#known.get(`MTR~${meterId}`) as MeterState | undefined;
    const after = written.get(`MTR~${meterId}`) as MeterState | undefined;
    if (before === undefined || after === undefined) return;
    const isTaken = (meter: MeterState): boolean => meter.closed || meter.keyEpoch > keyEpoch;
    const isOpenBefore = ({ open }: MeterState): boolean => open.some((one) => one.keyEpoch < keyEpoch);
    const other = before.order?.voucherId;
    const wrongs: Readonly<Record<string, boolean>> = {
      'of an epoch that is over': isTaken(before) && isTaken(after),
      'beside another': other !== undefined && other !== voucherId && after.order?.voucherId === other,
      'while vouchers of an epoch before are open': isOpenBefore(before) && isOpenBefore(after),
    };
    for (const [what, isWrong] of Object.entries(wrongs))
      if (isWrong) this.#world.violated('rights', `an end of meter ${meterId}’s epoch was ordered ${what}`);
  }

  #request(key: string, { op, refused }: RequestRecord): void {
    const [, kid = '', requestId = ''] = key.split('~');
    if (isForged(requestId) && refused === undefined)
      this.#world.violated('rights', `a forged ${op} of ${kid} was carried out: ${requestId}`);
  }

  #requireRole(partyId: string, roles: ReadonlySet<string>, did: string): void {
    const role = (this.#known.get(`PTY~${partyId}`) as PartyRecord | undefined)?.role;
    if (role === undefined || !roles.has(role))
      this.#world.violated('rights', `${partyId} ${did}, being ${role}`);
  }
}
