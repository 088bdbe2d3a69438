import type { Submitter, TransactionName, VoucherRecord } from '@tapwatt/chaincode';
import {
  meterId as asMeterId,
  bytesToHex,
  encodeReceipt,
  epochKeys,
  hexToBytes,
  RESULT,
  type ReceiptFields,
  sha256,
  signOrder,
  signRequest,
  type VoucherId,
  voucherIdOf,
} from '@tapwatt/firmware-contracts';
import type { MeterBook } from '../checks/books.ts';
import type { Chance } from '../kernel/chance.ts';
import { gatewayId, LEDGER_ID } from '../nodes/settings.ts';
import type { TownHandset, TownMeter } from '../nodes/town.ts';
import { type Circumstances, type Signer, signerOf } from './circumstances.ts';

/** What somebody submits who has a gateway's key and no other. */
export interface ForgedSubmission {
  readonly by: Submitter;
  readonly name: TransactionName;
  readonly request: unknown;
  /** Of one that is answered item by item; every other one must be refused as a whole. */
  readonly isRefused?: (result: unknown) => boolean;
}

interface Asking extends Circumstances {
  /** An id for a request that nobody made before. */
  readonly requestId: string;
}

/** A lie, where the town has what it is about. */
type Forgery = (of: Asking) => ForgedSubmission | undefined;

const GATEWAY: Submitter = { partyId: gatewayId(1), role: 'gateway' };
const NO_OPENING = new Uint8Array(32);
const AMOUNT = '500';
/** So far ahead that nothing which happens before the lie arrives makes it true. */
const FAR = 50;

type Items<T> = { readonly items: readonly T[] };

const isSettledByNone = (result: unknown): boolean =>
  (result as Items<{ outcome: string }>).items.every(({ outcome }) => outcome === 'refused');
const isIssuedByNone = (result: unknown): boolean =>
  (result as Items<{ ok: boolean }>).items.every(({ ok }) => !ok);

/** A receipt with this opening and nothing else in it that the ledger would take for news. */
const receiptFor = (
  { books, town }: Circumstances,
  {
    voucherId,
    kind,
    keyEpoch,
    seq,
    meterId,
  }: Pick<VoucherRecord, 'voucherId' | 'keyEpoch' | 'seq' | 'meterId'> & { kind: number },
  said: Pick<ReceiptFields, 'result' | 'opening'>,
): string => {
  const meter = town.meters.find((one) => one.meterId === meterId) ?? (town.meters[0] as TownMeter);
  const { seen } = books.meter(meterId) ?? {};
  const fields: ReceiptFields = {
    ...{ ...said, kind, clockTrust: 0, meterId: asMeterId(meterId), keyEpoch, seq, meterTime: 0 },
    ...{ voucherId: voucherId as VoucherId, credited: 0n, balance: 0n, hi: 0, used: 0n },
    ...{ receiptNo: seen?.receiptNo ?? 0, cumulativeCredited: BigInt(seen?.cumulativeCredited ?? 0) },
  };
  return bytesToHex(encodeReceipt(fields, epochKeys(meter.provisioning.root, keyEpoch)));
};

const settling = (receipt: string): ForgedSubmission => ({
  ...{ by: GATEWAY, name: 'SettleReceipts', request: { items: [{ receipt }] } },
  isRefused: isSettledByNone,
});

/** An opening that opens nothing, or none, for a voucher whose money is on hold. */
const falseProof =
  (result: ReceiptFields['result'], openingOf: (chance: Chance) => Uint8Array): Forgery =>
  (of) => {
    const voucher = of.chance.oneOf(of.books.vouchersThatAre('ISSUED', 'CANCELLING'));
    return voucher && settling(receiptFor(of, voucher, { result, opening: openingOf(of.chance) }));
  };

const guess = (chance: Chance): Uint8Array => chance.bytes(32);

/** What another meter showed, said in the name of this one. */
const proofOfAnotherMeter: Forgery = (of) => {
  const settled = of.books
    .vouchersThatAre('REDEEMED', 'VOIDED')
    .filter(({ receipt }) => receipt !== undefined);
  const voucher = of.chance.oneOf(settled);
  const other = of.town.meters.find(({ meterId }) => meterId !== voucher?.meterId);
  if (voucher?.receipt === undefined || other === undefined) return undefined;
  const frame = hexToBytes(voucher.receipt);
  new DataView(frame.buffer, frame.byteOffset).setBigUint64(METER_ID_AT, BigInt(other.meterId));
  return settling(bytesToHex(frame));
};
const METER_ID_AT = 4;

const falseEndOfEpoch: Forgery = (of) => {
  const pending = of.town.meters.flatMap(({ meterId }) => orderOf(of.books.meter(meterId)));
  const order = of.chance.oneOf(pending);
  if (order === undefined) return undefined;
  return settling(
    receiptFor(of, { ...order, seq: 0 }, { result: RESULT.APPLIED, opening: guess(of.chance) }),
  );
};

const orderOf = (meter: MeterBook | undefined) =>
  meter?.order === undefined ? [] : [{ ...meter.order, meterId: meter.meterId }];

interface Proposal {
  readonly seq: number;
  readonly keyEpoch: number;
  readonly floorSeq: number;
  readonly voucherId?: string;
}

/** A handset's genuine request with what its issuer would never propose, or a request that is none. */
const issuing =
  (
    jwsOf: (of: Asking, handset: TownHandset, wish: object) => string,
    change: (meter: MeterBook, of: Asking) => Partial<Proposal> = () => ({}),
  ): Forgery =>
  (of) => {
    const { chance, books, town } = of;
    const meter = books.meter(chance.pick(town.meters).meterId);
    const handset = chance.pick(town.handsets);
    if (meter === undefined) return undefined;
    const { meterId, nextSeq, keyEpoch } = meter;
    const wish = { op: 'issue', walletId: handset.walletId, meterId, amount: AMOUNT, deliver: false };
    const jws = jwsOf(of, handset, wish);
    const proposal: Proposal = { seq: nextSeq, keyEpoch, floorSeq: 1, ...change(meter, of) };
    const payloadHash = sha256(Buffer.from(jws.split('.')[1] ?? '', 'base64url'));
    const voucherId = voucherIdOf({ ...proposal, meterId: asMeterId(meterId), payloadHash });
    const hashes = { fulfilHash: bytesToHex(guess(chance)), voidHash: bytesToHex(guess(chance)) };
    const item = { jws, voucherId, ...hashes, issuedAt: 0, ...proposal };
    return { by: GATEWAY, name: 'IssueVouchers', request: { items: [item] }, isRefused: isIssuedByNone };
  };

const signed = (of: Asking, { id, privateKey }: TownHandset, wish: object): string =>
  signRequest({ aud: LEDGER_ID, requestId: of.requestId, at: 0, ...wish }, { kid: id, privateKey });

const ending =
  (
    name: 'RotateMeterKey' | 'CloseMeter',
    {
      by,
      op = name,
      change = () => ({}),
    }: {
      readonly by: (of: Circumstances) => Signer;
      readonly op?: string;
      readonly change?: (meter: MeterBook, chance: Chance) => { keyEpoch?: number; voucherId?: string };
    },
  ): Forgery =>
  (of) => {
    const meter = of.books.meter(of.chance.pick(of.town.meters).meterId);
    if (meter === undefined) return undefined;
    const { meterId, keyEpoch } = meter;
    const payload = {
      aud: LEDGER_ID,
      requestId: of.requestId,
      op,
      at: 0,
      request: { meterId, reason: 'due' },
    };
    const jws = signOrder(payload, by(of));
    const payloadHash = sha256(Buffer.from(jws.split('.')[1] ?? '', 'base64url'));
    const changed = change(meter, of.chance);
    const epoch = changed.keyEpoch ?? keyEpoch;
    const voucherId = voucherIdOf({ meterId: asMeterId(meterId), keyEpoch: epoch, seq: 0, payloadHash });
    const closeHash = bytesToHex(guess(of.chance));
    return {
      by: GATEWAY,
      name,
      request: { jws, keyEpoch: epoch, voucherId, closeHash, issuedAt: 0, ...changed },
    };
  };

const discom = (of: Circumstances): Signer => signerOf(of, 'discom');
const gateway = (of: Circumstances): Signer => signerOf(of, 'gateway');

/** That an order is refused for good, by a receipt that says no such thing, or about an order that there is not. */
const withdrawing =
  (result: ReceiptFields['result'], isKnown: boolean): Forgery =>
  (of) => {
    const { chance, town } = of;
    const [order] = town.meters.flatMap(({ meterId }) => orderOf(of.books.meter(meterId)));
    if (order === undefined) return undefined;
    const voucherId = isKnown ? order.voucherId : bytesToHex(chance.bytes(16));
    const receipt = receiptFor(of, { ...order, voucherId, seq: 0 }, { result, opening: NO_OPENING });
    return { by: GATEWAY, name: 'WithdrawOrder', request: { meterId: order.meterId, receipt } };
  };

/** Everything that a gateway’s key may be misused for, that the rules can know of (docs/security.md). */
export const FORGED_SUBMISSIONS: readonly Forgery[] = [
  falseProof(RESULT.APPLIED, guess),
  falseProof(RESULT.VOIDED, guess),
  falseProof(RESULT.APPLIED, () => NO_OPENING),
  proofOfAnotherMeter,
  falseEndOfEpoch,
  issuing((of, { id }, wish) =>
    signRequest(
      { aud: LEDGER_ID, requestId: of.requestId, at: 0, ...wish },
      { kid: id, privateKey: of.stranger },
    ),
  ),
  issuing((of, { id, privateKey }, wish) =>
    signRequest({ aud: 'another-ledger', requestId: of.requestId, at: 0, ...wish }, { kid: id, privateKey }),
  ),
  issuing((of, handset) => signed(of, handset, { op: 'balance', walletId: handset.walletId })),
  issuing(signed, ({ nextSeq }) => ({ seq: nextSeq + FAR })),
  issuing(signed, ({ nextSeq }) => ({ seq: nextSeq > 1 ? nextSeq - 1 : FAR })),
  issuing(signed, ({ keyEpoch }) => ({ keyEpoch: keyEpoch + FAR })),
  issuing(signed, ({ nextSeq }) => ({ floorSeq: nextSeq + 1 })),
  issuing(signed, (_meter, { chance }) => ({ voucherId: bytesToHex(chance.bytes(16)) })),
  ending('RotateMeterKey', { by: ({ stranger }) => ({ kid: 'discom', privateKey: stranger }) }),
  ending('RotateMeterKey', { by: discom, op: 'CloseMeter' }),
  ending('CloseMeter', { by: discom, op: 'RotateMeterKey' }),
  ending('CloseMeter', { by: gateway }),
  ending('RotateMeterKey', { by: discom, change: ({ keyEpoch }) => ({ keyEpoch: keyEpoch + FAR }) }),
  ending('RotateMeterKey', {
    by: discom,
    change: (_meter, chance) => ({ voucherId: bytesToHex(chance.bytes(16)) }),
  }),
  withdrawing(RESULT.EXPIRED, true),
  withdrawing(RESULT.BAD_EPOCH, false),
  () => ({ by: GATEWAY, name: 'RecordMeter', request: { status: 'ff'.repeat(64) } }),
  () => ({
    by: GATEWAY,
    name: 'Genesis',
    request: { ledgerId: 'mine', parties: [{ id: 'thief', role: 'bank' }] },
  }),
  () => ({
    by: { ...GATEWAY, role: 'bank' },
    name: 'ConfirmDeposit',
    request: { depositId: 'deposit-1', utr: 'u' },
  }),
  () => ({
    by: { partyId: 'nobody', role: 'gateway' },
    ...{ name: 'RecordRestore', request: { number: 1, hash: '00'.repeat(32), at: 0 } },
  }),
];
