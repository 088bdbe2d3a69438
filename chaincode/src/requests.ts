import { UNSEALED_LENGTH } from './copies/shown-voucher.ts';
import type { TransactionName, TransactionRequest } from './protocol/transactions.ts';
import { OPEN_LIMIT_MAX } from './registry/meter-record.ts';
import { Rejected } from './rejected.ts';
import { type Fields, readRequest } from './validate.ts';

/** The last epoch but one can still be ended. */
const EPOCH_MAX = 0xfffe;
const FIRST_PARTIES_MAX = 64;
const FIRST_ROLES = ['discom', 'bank', 'agency', 'gateway', 'auditor'] as const;

/** A reader of one transaction's request; it throws BAD_REQUEST naming the field. */
const reader =
  <N extends TransactionName>(read: (fields: Fields) => TransactionRequest<N>) =>
  (request: unknown): TransactionRequest<N> =>
    readRequest(request, read);

export const genesis = reader<'Genesis'>((fields) => {
  const ledgerId = fields.name('ledgerId');
  const parties = fields.items('parties');
  if (parties.length > FIRST_PARTIES_MAX) {
    throw new Rejected('BAD_REQUEST', `parties: at most ${FIRST_PARTIES_MAX}.`);
  }
  return { ledgerId, parties: parties.map((party) => readRequest(party, firstParty)) };
});

const firstParty = (fields: Fields) => ({
  id: fields.name('id'),
  role: fields.oneOf('role', FIRST_ROLES),
  ...fields.optional('name', fields.text),
  ...fields.optional('publicKey', fields.publicKey),
  ...fields.optional('member', fields.member),
});

export const registerAgency = reader<'RegisterAgency'>((fields) => ({
  id: fields.name('id'),
  name: fields.text('name'),
  ...fields.optional('publicKey', fields.publicKey),
  ...fields.optional('member', fields.member),
}));

export const registerAgent = reader<'RegisterAgent'>((fields) => ({
  id: fields.name('id'),
  agencyId: fields.name('agencyId'),
  ...fields.optional('name', fields.text),
}));

export const registerHandset = reader<'RegisterHandset'>((fields) => ({
  id: fields.name('id'),
  agentId: fields.name('agentId'),
  publicKey: fields.publicKey('publicKey'),
}));

export const registerGateway = reader<'RegisterGateway'>((fields) => ({
  id: fields.name('id'),
  publicKey: fields.publicKey('publicKey'),
  ...fields.optional('member', fields.member),
}));

export const registerMeter = reader<'RegisterMeter'>((fields) => ({
  meterId: fields.meterId('meterId'),
  ...fields.optional('keyEpoch', (field) => fields.integer(field, 1, EPOCH_MAX)),
  ...fields.optional('openLimit', (field) => fields.integer(field, 1, OPEN_LIMIT_MAX)),
}));

export const suspend = reader<'Suspend'>((fields) => ({
  ...(fields.has('meterId') ? { meterId: fields.meterId('meterId') } : { id: fields.name('id') }),
  suspended: fields.boolean('suspended'),
  reason: fields.text('reason'),
}));

export const openWallet = reader<'OpenWallet'>((fields) => ({
  walletId: fields.name('walletId'),
  agentId: fields.name('agentId'),
}));

export const proposeDeposit = reader<'ProposeDeposit'>((fields) => ({
  depositId: fields.name('depositId'),
  walletId: fields.name('walletId'),
  amount: fields.amount('amount'),
}));

export const confirmDeposit = reader<'ConfirmDeposit'>((fields) => ({
  depositId: fields.name('depositId'),
  utr: fields.name('utr'),
}));

export const freezeWallet = reader<'FreezeWallet'>((fields) => ({
  walletId: fields.name('walletId'),
  frozen: fields.boolean('frozen'),
}));

export const closeWallet = reader<'CloseWallet'>((fields) => ({ walletId: fields.name('walletId') }));

/** Items of a batch, each read later on its own: the form of one must not refuse the others. */
export const items = (request: unknown): { readonly items: readonly never[] } =>
  readRequest(request, (fields) => ({ items: fields.items('items') as readonly never[] }));

export const requestCancel = reader<'RequestCancel'>((fields) =>
  fields.has('jws')
    ? { jws: fields.jws('jws') }
    : { voucherId: fields.voucherId('voucherId'), reason: fields.text('reason') },
);

export const releaseUnproven = reader<'ReleaseUnproven'>((fields) => ({
  voucherId: fields.voucherId('voucherId'),
  reason: fields.text('reason'),
}));

export const endEpoch = reader<'RotateMeterKey'>((fields) => ({
  jws: fields.jws('jws'),
  keyEpoch: fields.integer('keyEpoch', 1, EPOCH_MAX),
  voucherId: fields.voucherId('voucherId'),
  closeHash: fields.hex('closeHash', 32),
  issuedAt: fields.integer('issuedAt', 0),
}));

export const withdrawOrder = reader<'WithdrawOrder'>((fields) => ({
  meterId: fields.meterId('meterId'),
  receipt: fields.hex('receipt', 128),
}));

export const recordMeter = reader<'RecordMeter'>((fields) => ({ status: fields.hex('status', 64) }));

export const recordVoucher = reader<'RecordVoucher'>((fields) => ({
  voucher: fields.hex('voucher', UNSEALED_LENGTH),
}));

export const recordRestore = reader<'RecordRestore'>((fields) => ({
  number: fields.integer('number', 0),
  hash: fields.hex('hash', 32),
  at: fields.integer('at', 0),
}));

export const resumeIssuing = reader<'ResumeIssuing'>((fields) => ({
  reason: fields.text('reason'),
  quarantine: fields.boolean('quarantine'),
}));

export const recoverOrphan = reader<'RecoverOrphan'>((fields) => ({
  meterId: fields.meterId('meterId'),
  voucherId: fields.voucherId('voucherId'),
  amount: fields.amount('amount'),
}));
