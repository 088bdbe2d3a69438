import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { GenesisRequest, IssueItem, SettlementResult } from '@tapwatt/chaincode';
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
import type { EmbeddedLedger } from '../src/ledger/embedded/index.ts';

const LEDGER_ID = 'bench';
const ISSUED_AT = 1_795_000_000;
const CLOCK = { now: ISSUED_AT + 60, trust: 2 } as const;
const AMOUNT = '5000';
const FUNDS = '9000000000000000';
const KEY_EPOCH = 1;
const MASTER = new Uint8Array(32).fill(7);
const ROLES = ['discom', 'bank', 'agency', 'gateway'] as const;

const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

interface Meter {
  readonly id: ReturnType<typeof meterId>;
  readonly keys: EpochKeys;
  state: MeterState;
  seq: number;
}

/** What handsets, issuer and meters would do around the ledger: real signatures, openings, frames and receipts. */
export class VoucherLoad {
  readonly #meters: Meter[] = [];
  readonly #handsetKey = newKey();
  readonly #keys = new Map(ROLES.map((role) => [role as string, newKey()]));
  #requests = 0;

  genesis(): GenesisRequest {
    const parties = ROLES.map((role) => ({
      id: role,
      role,
      name: role,
      publicKey: rawPublicKey(this.#key(role)),
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

  /** Registers an agent with money and so many meters. */
  async prepare(ledger: EmbeddedLedger, meters: number): Promise<void> {
    const discom = ledger.as({ partyId: 'discom', role: 'discom' });
    const bank = ledger.as({ partyId: 'bank', role: 'bank' });
    await discom.submit('RegisterAgent', { id: 'agent', agencyId: 'agency' });
    const publicKey = rawPublicKey(this.#handsetKey);
    await discom.submit('RegisterHandset', { id: 'phone', agentId: 'agent', publicKey });
    await discom.submit('OpenWallet', { walletId: 'wallet', agentId: 'agent' });
    await discom.submit('ProposeDeposit', { depositId: 'd1', walletId: 'wallet', amount: FUNDS });
    await bank.submit('ConfirmDeposit', { depositId: 'd1', utr: 'u1' });
    const registering = Array.from({ length: meters }, (_, index) =>
      this.#addMeter(discom, String(index + 1)),
    );
    await Promise.all(registering);
  }

  async #addMeter(discom: ReturnType<EmbeddedLedger['as']>, name: string): Promise<void> {
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
    return this.#meters.slice(0, count).map((meter) => this.#proposal(meter));
  }

  #proposal(meter: Meter): IssueItem {
    meter.seq += 1;
    const { seq } = meter;
    const requestId = `r${++this.#requests}`;
    const payload = {
      aud: LEDGER_ID,
      requestId,
      op: 'issue',
      at: ISSUED_AT,
      walletId: 'wallet',
      meterId: String(meter.id),
      amount: AMOUNT,
      deliver: true,
    };
    const jws = signRequest(payload, { kid: 'phone', privateKey: this.#handsetKey });
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
