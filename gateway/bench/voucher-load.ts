import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { GenesisRequest, IssueItem, Member, SettlementResult } from '@tapwatt/chaincode';
import {
  bytesToHex,
  type EpochKeys,
  encodeVoucher,
  epochKeys,
  type MeterState,
  meterId,
  meterRootKey,
  parseRequest,
  presentVoucher,
  provisionMeter,
  rawPublicKey,
  sha256,
  signOrder,
  signRequest,
  VOUCHER_KIND,
  type VoucherId,
  voucherIdOf,
} from '@tapwatt/firmware-contracts';
import type { Ledger } from '../src/ledger/ledger.ts';

const LEDGER_ID = 'bench';
const ISSUED_AT = 1_795_000_000;
const CLOCK = { now: ISSUED_AT + 60, trust: 2 } as const;
const AMOUNT = '5000';
/** Meters that one load may have on a ledger that it shares. */
const METERS_A_RUN = 100_000;
const FUNDS = '9000000000000000';
const KEY_EPOCH = 1;
const MASTER = new Uint8Array(32).fill(7);
const PKCS8_ED25519 = '302e020100300506032b657004220420';

export const LOAD_PARTIES = ['discom', 'bank', 'agency', 'gateway'] as const;
export type LoadParty = (typeof LOAD_PARTIES)[number];

/** A ledger as each of the load's parties. */
export interface LedgerOfParties {
  as(submitter: { readonly partyId: LoadParty; readonly role: LoadParty }): Ledger;
}

export interface LoadOptions {
  /** Tells this load's agents and meters from those of another one on the same ledger. */
  readonly run?: number;
  /** Whose certificates speak for the parties, on Fabric. */
  readonly members?: Readonly<Record<LoadParty, Member>>;
}

const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

/** The same in every run, so that a ledger founded by one load takes the orders of another. */
const partyKey = (party: string): KeyObject => {
  const seed = createHash('sha256').update(`tapwatt load ${party}`).digest('hex');
  return createPrivateKey({ key: Buffer.from(PKCS8_ED25519 + seed, 'hex'), format: 'der', type: 'pkcs8' });
};

interface Agent {
  readonly id: string;
  readonly phone: string;
  readonly wallet: string;
  readonly key: KeyObject;
}

interface Meter {
  readonly id: ReturnType<typeof meterId>;
  readonly keys: EpochKeys;
  state: MeterState;
  seq: number;
}

/** What handsets, issuer and meters would do around the ledger: real signatures, openings, frames and receipts. */
export class VoucherLoad {
  readonly #meters: Meter[] = [];
  readonly #agents: Agent[] = [];
  readonly #keys = new Map(LOAD_PARTIES.map((party) => [party as string, partyKey(party)]));
  readonly #options: LoadOptions;
  #requests = 0;

  constructor(options: LoadOptions = {}) {
    this.#options = options;
  }

  genesis(): GenesisRequest {
    const { members } = this.#options;
    const parties = LOAD_PARTIES.map((role) => ({
      id: role,
      role,
      name: role,
      publicKey: rawPublicKey(this.#key(role)),
      ...(members === undefined ? {} : { member: members[role] }),
    }));
    return { ledgerId: LEDGER_ID, parties };
  }

  /** An order of a party (named as its role); signed by another one, if need be. */
  order(kid: string, op: string, body: { requestId: string; request: object }, signer = kid): string {
    const payload = { aud: LEDGER_ID, op, at: ISSUED_AT, ...body };
    return signOrder(payload, { kid, privateKey: this.#key(signer) });
  }

  #key(party: string): KeyObject {
    const key = this.#keys.get(party);
    if (key === undefined) throw new Error(`${party} has no key.`);
    return key;
  }

  /** A name that no other load on the same ledger uses. */
  name(stem: string): string {
    const { run } = this.#options;
    return run === undefined ? stem : `${stem}-${run}`;
  }

  /** Registers so many meters, and agents with money of whom each buys for its share of the meters. */
  async prepare(ledger: LedgerOfParties, meters: number, agents = 1): Promise<void> {
    const discom = ledger.as({ partyId: 'discom', role: 'discom' });
    const bank = ledger.as({ partyId: 'bank', role: 'bank' });
    const entering = Array.from({ length: agents }, (_, n) => this.#addAgent(discom, bank, n));
    const first = 1 + (this.#options.run ?? 0) * METERS_A_RUN;
    const registering = Array.from({ length: meters }, (_, n) => this.#addMeter(discom, String(first + n)));
    await Promise.all([...entering, ...registering]);
  }

  async #addAgent(discom: Ledger, bank: Ledger, n: number): Promise<void> {
    const named = (stem: string) => this.name(n === 0 ? stem : `${stem}${n}`);
    const agent = { id: named('agent'), phone: named('phone'), wallet: named('wallet'), key: newKey() };
    this.#agents.push(agent);
    await discom.submit('RegisterAgent', { id: agent.id, agencyId: 'agency' });
    const publicKey = rawPublicKey(agent.key);
    await discom.submit('RegisterHandset', { id: agent.phone, agentId: agent.id, publicKey });
    await discom.submit('OpenWallet', { walletId: agent.wallet, agentId: agent.id });
    const depositId = named('d');
    await discom.submit('ProposeDeposit', { depositId, walletId: agent.wallet, amount: FUNDS });
    await bank.submit('ConfirmDeposit', { depositId, utr: depositId });
  }

  async #addMeter(discom: Ledger, name: string): Promise<void> {
    const id = meterId(name);
    const root = meterRootKey(MASTER, id);
    const state = provisionMeter({ meterId: id, root, keyEpoch: KEY_EPOCH, balanceLimit: 10n ** 15n });
    this.#meters.push({ id, keys: epochKeys(root, KEY_EPOCH), state, seq: 0 });
    await discom.submit('RegisterMeter', { meterId: name });
  }

  get meters(): number {
    return this.#meters.length;
  }

  /** One issue proposal each for the first `count` meters. */
  proposals(count: number): IssueItem[] {
    return this.#meters.slice(0, count).map((meter, n) => this.#proposal(meter, n));
  }

  #proposal(meter: Meter, n: number): IssueItem {
    const agent = this.#agents[n % this.#agents.length];
    if (agent === undefined) throw new Error('Nobody buys yet.');
    meter.seq += 1;
    const { seq } = meter;
    const requestId = `r${++this.#requests}`;
    const payload = {
      aud: LEDGER_ID,
      requestId,
      op: 'issue',
      at: ISSUED_AT,
      walletId: agent.wallet,
      meterId: String(meter.id),
      amount: AMOUNT,
      deliver: true,
    };
    const jws = signRequest(payload, { kid: agent.phone, privateKey: agent.key });
    const { payloadHash } = parseRequest(jws);
    const voucherId = voucherIdOf({ meterId: meter.id, keyEpoch: KEY_EPOCH, seq, payloadHash });
    const hashOf = (kind: 'fulfil' | 'void'): string =>
      bytesToHex(sha256(meter.keys.opening(kind, voucherId)));
    const hashes = { fulfilHash: hashOf('fulfil'), voidHash: hashOf('void') };
    return { jws, keyEpoch: KEY_EPOCH, seq, floorSeq: seq, voucherId, ...hashes, issuedAt: ISSUED_AT };
  }

  /** What the meters answer when they are shown the vouchers of these proposals, in the same order of meters. */
  receipts(items: readonly IssueItem[]): { readonly receipt: string }[] {
    return items.map((item, index) => ({ receipt: this.#receipt(this.#meters[index], item) }));
  }

  #receipt(meter: Meter | undefined, item: IssueItem): string {
    if (meter === undefined) throw new Error('More proposals than meters.');
    const { keyEpoch, seq, floorSeq, issuedAt } = item;
    const voucher = {
      kind: VOUCHER_KIND.CREDIT,
      meterId: meter.id,
      keyEpoch,
      seq,
      amount: BigInt(AMOUNT),
      issuedAt,
      expiresAt: 0,
    };
    const voucherId = item.voucherId as VoucherId;
    const frame = encodeVoucher({ ...voucher, voucherId, floorSeq }, meter.keys);
    const { state, receipt } = presentVoucher(meter.state, frame, CLOCK);
    meter.state = state;
    return bytesToHex(receipt);
  }
}

export const isRedeemed = ({ outcome }: SettlementResult): boolean => outcome === 'redeemed';
