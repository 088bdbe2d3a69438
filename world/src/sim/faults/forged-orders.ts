import type { VoucherStatus } from '@tapwatt/chaincode';
import { bytesToBase64Url } from '@tapwatt/firmware-contracts';
import { type Circumstances, type Signer, signerOf } from './circumstances.ts';

/** An order that must not be carried out; signed for this ledger unless `aud` is another. */
export interface ForgedOrder {
  readonly by: Signer;
  readonly op: string;
  readonly request: object;
  readonly aud?: string;
  /** What somebody who may does before, so that there is something to lie about. */
  readonly after?: Pick<ForgedOrder, 'by' | 'op' | 'request'>;
  /** It is no lie any more where the books are others when it arrives: then the checker of rights alone tells. */
  readonly mayBeTrue?: true;
}

/** A lie, where the town has what it is about. */
type Forgery = (of: Circumstances) => ForgedOrder | undefined;

type Role = 'discom' | 'bank' | 'agency' | 'gateway' | 'handset';

const EMPTY_RECEIPT = '00'.repeat(128);
const EMPTY_STATUS = '00'.repeat(64);
const EMPTY_VOUCHER = '00'.repeat(56);
const FIRST_DEPOSIT = { depositId: 'deposit-1', walletId: 'wallet-1', amount: '5000000' };

interface Op {
  /** DESIGN.md, "The ledger"; told here once more, apart from the rules that are tested. */
  readonly may: readonly Role[];
  readonly request: (of: Circumstances) => object | undefined;
  /** Of one agency's agents, wallets and vouchers: no other agency may. */
  readonly ofAgency?: true;
}

const meterIn = ({ town, chance }: Circumstances): string => chance.pick(town.meters).meterId;
const newName = ({ chance }: Circumstances): string => `new-${chance.below(1_000_000)}`;
const newKey = ({ chance }: Circumstances): string => bytesToBase64Url(chance.bytes(32));

const aVoucher =
  (status: VoucherStatus) =>
  ({ books, chance }: Circumstances): object | undefined => {
    const voucherId = chance.oneOf(books.vouchersThatAre(status))?.voucherId;
    return voucherId === undefined ? undefined : { voucherId, reason: 'it pays' };
  };

const OPS: Readonly<Record<string, Op>> = {
  RegisterAgency: { may: ['discom'], request: (of) => ({ id: newName(of), name: 'Another agency' }) },
  RegisterAgent: {
    may: ['discom', 'agency'],
    request: (of) => ({ id: newName(of), agencyId: 'agency' }),
    ofAgency: true,
  },
  RegisterHandset: {
    may: ['discom', 'agency'],
    request: (of) => ({ id: newName(of), agentId: 'agent-1', publicKey: newKey(of) }),
    ofAgency: true,
  },
  RegisterGateway: { may: ['discom'], request: (of) => ({ id: newName(of), publicKey: newKey(of) }) },
  RegisterMeter: {
    may: ['discom'],
    request: ({ chance }) => ({ meterId: `${100 + chance.below(1_000_000)}` }),
  },
  Suspend: {
    may: ['discom', 'agency'],
    request: ({ town, chance }) => ({
      ...{ id: chance.pick(town.handsets).id, suspended: true, reason: 'a rival' },
    }),
    ofAgency: true,
  },
  OpenWallet: {
    may: ['discom', 'agency'],
    request: (of) => ({ walletId: newName(of), agentId: 'agent-1' }),
    ofAgency: true,
  },
  ProposeDeposit: {
    may: ['discom', 'agency'],
    request: (of) => ({ depositId: newName(of), walletId: 'wallet-1', amount: '100' }),
    ofAgency: true,
  },
  ConfirmDeposit: { may: ['bank'], request: (of) => ({ depositId: 'deposit-1', utr: newName(of) }) },
  FreezeWallet: {
    may: ['discom', 'agency'],
    request: () => ({ walletId: 'wallet-1', frozen: true }),
    ofAgency: true,
  },
  CloseWallet: { may: ['discom'], request: () => ({ walletId: 'wallet-1' }) },
  IssueVouchers: { may: ['gateway'], request: () => ({ items: [] }) },
  SettleReceipts: { may: ['gateway'], request: () => ({ items: [{ receipt: EMPTY_RECEIPT }] }) },
  RequestCancel: { may: ['gateway', 'discom', 'agency'], request: aVoucher('ISSUED'), ofAgency: true },
  ReleaseUnproven: { may: ['discom', 'agency'], request: aVoucher('CANCELLING'), ofAgency: true },
  RotateMeterKey: { may: ['discom', 'gateway'], request: (of) => ({ meterId: meterIn(of), reason: 'due' }) },
  CloseMeter: { may: ['discom'], request: (of) => ({ meterId: meterIn(of), reason: 'moved out' }) },
  WithdrawOrder: { may: ['gateway'], request: (of) => ({ meterId: meterIn(of), receipt: EMPTY_RECEIPT }) },
  RecordMeter: { may: ['gateway'], request: () => ({ status: EMPTY_STATUS }) },
  RecordVoucher: { may: ['gateway'], request: () => ({ voucher: EMPTY_VOUCHER }) },
  RecordRestore: { may: ['gateway'], request: () => ({ number: 1, hash: '00'.repeat(32), at: 0 }) },
  ResumeIssuing: { may: ['discom'], request: () => ({ reason: 'all is well', quarantine: false }) },
  RecoverOrphan: {
    may: ['discom', 'bank', 'agency'],
    request: ({ books, chance }) => {
      const orphan = chance.oneOf(books.orphans);
      return orphan && { meterId: orphan.meterId, voucherId: orphan.voucherId, amount: orphan.amount };
    },
  },
};

const signersOf = (of: Circumstances): readonly (Signer & { readonly role: Role })[] => {
  const [handset] = of.town.handsets;
  return [
    ...(['discom', 'bank', 'agency', 'gateway'] as const).map((role) => ({ ...signerOf(of, role), role })),
    ...(handset === undefined
      ? []
      : [{ kid: handset.id, role: 'handset' as const, privateKey: handset.privateKey }]),
  ];
};

const OTHER_AGENCY = 'other-agency';

/** Somebody in a role that may not. */
const inAnotherRole: Forgery = (of) => {
  const [op, { may, request }] = of.chance.pick(Object.entries(OPS));
  const by = of.chance.pick(signersOf(of).filter(({ role }) => !may.includes(role)));
  const asked = request(of);
  return asked && { by, op, request: asked };
};

/** An agency about another one's agents. */
const ofAnotherAgency: Forgery = (of) => {
  const [op, { request }] = of.chance.pick(
    Object.entries(OPS).filter(([, { ofAgency }]) => ofAgency === true),
  );
  const asked = request(of);
  return asked && { by: { kid: OTHER_AGENCY, privateKey: of.town.roleKeys.other }, op, request: asked };
};

const ofOneWhoMay = (of: Circumstances): ForgedOrder | undefined => {
  const [op, { may, request }] = of.chance.pick(Object.entries(OPS));
  const by = of.chance.pick(signersOf(of).filter(({ role }) => may.includes(role)));
  const asked = request(of);
  return asked && { by, op, request: asked };
};

/** In the name of one who may, with a key that is not theirs. */
const byAStranger: Forgery = (of) => {
  const order = ofOneWhoMay(of);
  return order && { ...order, by: { kid: order.by.kid, privateKey: of.stranger } };
};

const forAnotherLedger: Forgery = (of) => {
  const order = ofOneWhoMay(of);
  return order && { ...order, aud: 'another-ledger' };
};

const keyOf = (of: Circumstances, kid: string): Signer | undefined =>
  signersOf(of).find((signer) => signer.kid === kid);

/** Who proposed it does the rest alone. */
const orphanByOnePerson: Forgery = (of) => {
  const proposed = [...of.books.orphans].filter(
    ({ status, proposal }) => status === 'RECORDED' && proposal !== undefined,
  );
  const orphan = of.chance.oneOf(proposed);
  const by = keyOf(of, orphan?.proposal?.by ?? '');
  if (orphan === undefined || by === undefined) return undefined;
  const { meterId, voucherId, amount } = orphan;
  return { by, op: 'RecoverOrphan', request: { meterId, voucherId, amount }, mayBeTrue: true };
};

const releaseByOnePerson: Forgery = (of) => {
  const proposed = [...of.books.vouchers].filter(
    ({ status, release }) => status === 'CANCELLING' && release !== undefined,
  );
  const voucher = of.chance.oneOf(proposed);
  const by = keyOf(of, voucher?.release?.by ?? '');
  if (voucher === undefined || by === undefined) return undefined;
  const request = { voucherId: voucher.voucherId, reason: 'quicker alone' };
  return { by, op: 'ReleaseUnproven', request, mayBeTrue: true };
};

/** What is no cancelled voucher cannot be released, by whomever. */
const releaseOfAnother: Forgery = (of) => {
  const request = aVoucher(of.chance.pick<VoucherStatus>(['ISSUED', 'REDEEMED', 'VOIDED']))(of);
  const by = signerOf(of, 'agency');
  return request && { by, op: 'ReleaseUnproven', request, mayBeTrue: true };
};

/** A bank's mistake: one that is confirmed already, under another reference. */
const depositAgain: Forgery = (of) => ({
  by: signerOf(of, 'bank'),
  ...{ op: 'ConfirmDeposit', request: { depositId: FIRST_DEPOSIT.depositId, utr: newName(of) } },
});

/** A bank's mistake: a reference that has paid in another deposit. */
const referenceAgain: Forgery = (of) => {
  const deposit = { depositId: 'paid-in-before', walletId: FIRST_DEPOSIT.walletId, amount: '100' };
  return {
    by: signerOf(of, 'bank'),
    ...{ op: 'ConfirmDeposit', request: { depositId: deposit.depositId, utr: 'UTR-1' } },
    after: { by: signerOf(of, 'agency'), op: 'ProposeDeposit', request: deposit },
  };
};

const depositWithOtherContent: Forgery = (of) => ({
  by: signerOf(of, 'agency'),
  ...{ op: 'ProposeDeposit', request: { ...FIRST_DEPOSIT, amount: '9999' } },
});

const suspendItself: Forgery = (of) => ({
  by: signerOf(of, 'discom'),
  ...{ op: 'Suspend', request: { id: 'discom', suspended: true, reason: 'tired' } },
});

/** An id that stands for somebody, or something, already. */
const takenName: Forgery = (of) => {
  const by = signerOf(of, 'discom');
  return of.chance.pick<ForgedOrder>([
    { by, op: 'RegisterMeter', request: { meterId: meterIn(of) } },
    { by, op: 'RegisterHandset', request: { id: 'handset-1', agentId: 'agent-1', publicKey: newKey(of) } },
    { by, op: 'RegisterAgency', request: { id: 'bank', name: 'A bank' } },
    { by, op: 'OpenWallet', request: { walletId: 'wallet-1', agentId: 'agent-2' } },
  ]);
};

/** Every order that must be refused; the first ones stand for many. */
export const FORGED_ORDERS: readonly Forgery[] = [
  ...[inAnotherRole, inAnotherRole, inAnotherRole, ofAnotherAgency, ofAnotherAgency],
  ...[byAStranger, forAnotherLedger],
  ...[orphanByOnePerson, releaseByOnePerson, releaseOfAnother],
  ...[depositAgain, referenceAgain, depositWithOtherContent, suspendItself, takenName],
];
