import type { Mutation } from './mutation.ts';

/** Bugs that a liar profits from: in who may do what, and in whose word is taken. */
export const LIAR_BUGS: Readonly<Record<string, Mutation>> = {
  'signature-not-verified': {
    safeguard: 'What is signed is verified with the registered key, by the ledger itself.',
    why: 'The gateway has verified it.',
    edits: [
      {
        file: 'chaincode/src/registry/signed-by.ts',
        find: '  if (party.publicKey === undefined || !isSignedBy(parsed, publicKey(party.publicKey))) {',
        replace: '  if (party.publicKey === undefined || isSignedBy.length + publicKey.length < 0) {',
      },
    ],
  },
  'another-ledgers-order': {
    safeguard: 'What was signed for another ledger is refused.',
    why: 'The signature is good.',
    edits: [
      {
        file: 'chaincode/src/registry/signed-by.ts',
        find: '  if (parsed.payload.aud !== ledgerId) {',
        replace: `  if (parsed.payload.aud === '') {`,
      },
    ],
  },
  'role-not-asked': {
    safeguard: 'Each transaction is for some roles only.',
    why: 'Who is registered may act.',
    edits: [
      {
        file: 'chaincode/src/registry/parties.ts',
        find: '  if (!roles.includes(role)) throw',
        replace: '  if (roles.length === 0) throw',
      },
    ],
  },
  'another-agencys-agents': {
    safeguard: 'An agency acts for its own agents only.',
    why: 'An agency is an agency.',
    edits: [
      {
        file: 'chaincode/src/registry/parties.ts',
        find: `  if (work.submitter.role === 'agency' && work.submitter.partyId !== agencyId) {`,
        replace: `  if (work.submitter.role === 'agency' && agencyId === '') {`,
      },
    ],
  },
  'another-agents-wallet': {
    safeguard: 'A handset spends its own agent’s money only.',
    why: 'The wallet is there, and it has money.',
    edits: [
      {
        file: 'chaincode/src/vouchers/issue-one.ts',
        find: '  if (wallet.agentId !== agentId) throw',
        replace: `  if (agentId === '') throw`,
      },
    ],
  },
  'another-agents-voucher': {
    safeguard: 'A handset cancels its own agent’s vouchers only.',
    why: 'Whoever has the voucher’s id has the voucher.',
    edits: [
      {
        file: 'chaincode/src/vouchers/cancel.ts',
        find: '  if (voucher.agentId !== request.agentId) throw',
        replace: `  if (request.agentId === '') throw`,
      },
    ],
  },
  'another-agents-balance': {
    safeguard: 'A balance is told to its own agent’s handsets only.',
    why: 'It is only a number.',
    edits: [
      {
        file: 'gateway/src/requests/balance.ts',
        find: 'wallet === null || wallet.agentId !== agentId',
        replace: `wallet === null || agentId === ''`,
      },
    ],
  },
  'suspended-handset-buys': {
    safeguard: 'Who is suspended buys nothing.',
    why: 'It will not be for long.',
    edits: [
      {
        file: 'chaincode/src/vouchers/issue-one.ts',
        find: `  await requireActive(work.draft, request.handset);
`,
        replace: `  requireActive.toString();
`,
      },
    ],
  },
  'halted-ledger-sells': {
    safeguard: 'A halted ledger sells nothing to anybody.',
    why: 'Only one meter was odd.',
    edits: [
      {
        file: 'chaincode/src/copies/waiting.ts',
        find: '  if (halted !== undefined) {',
        replace: '  if (halted !== undefined && restores < 0) {',
      },
    ],
  },
  'bank-reference-used-twice': {
    safeguard: 'A bank’s reference pays in once.',
    why: 'The deposit is another one.',
    edits: [
      {
        file: 'chaincode/src/wallet/deposits.ts',
        find: `  if ((await work.draft.get(referenceKey)) !== undefined) throw new Rejected('UTR_REUSED');
`,
        replace: `  await work.draft.get(referenceKey);
`,
      },
    ],
  },
  'proposal-not-compared': {
    safeguard: 'A voucher has the next number of its meter, and no other.',
    why: 'The issuer knows the next number.',
    edits: [
      {
        file: 'chaincode/src/vouchers/issue-one.ts',
        find: '  if (!fits) throw',
        replace: '  if (!fits && item.seq < 0) throw',
      },
    ],
  },
  'voucher-mac-not-verified': {
    safeguard: 'A meter takes what its issuer sealed, and nothing else.',
    why: 'The broker lets nobody else publish there.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/present-voucher.ts',
        find: '  if (!isAuthenticVoucher(frame, keys)) return',
        replace: '  if (isAuthenticVoucher.length < 0) return',
      },
    ],
  },
  'acknowledgement-mac-not-verified': {
    safeguard: 'An acknowledgement is the issuer’s word.',
    why: 'It moves no money.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/take-acknowledgement.ts',
        find: `  if (!isAuthenticAcknowledgement(frame, epochKeys(state.root, record.keyEpoch)))
`,
        replace: `  if (isAuthenticAcknowledgement(frame, epochKeys(state.root, record.keyEpoch)) === undefined)
`,
      },
    ],
  },
  'time-order-mac-not-verified': {
    safeguard: 'A meter is told the time by its issuer.',
    why: 'Time is no secret.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/take-time-order.ts',
        find: '  if (!isAuthenticTimeOrder(frame, epochKeys(state.root, keyEpoch))) {',
        replace: '  if (isAuthenticTimeOrder(frame, epochKeys(state.root, keyEpoch)) === undefined) {',
      },
    ],
  },
  'receipt-mac-not-verified': {
    safeguard: 'A receipt is its meter’s word.',
    why: 'The opening proves it.',
    edits: [
      {
        file: 'gateway/src/issuer/local-issuer.ts',
        find: '      if (!isAuthenticReceipt(frame, epoch)) throw',
        replace: '      if (isAuthenticReceipt(frame, epoch) === undefined) throw',
      },
    ],
  },
  'status-mac-not-verified': {
    safeguard: 'A status is its meter’s word.',
    why: 'It moves no money.',
    edits: [
      {
        file: 'gateway/src/issuer/local-issuer.ts',
        find: '      if (!isAuthenticStatus(frame, keys.epoch(meterId, keyEpoch))) throw',
        replace: '      if (isAuthenticStatus(frame, keys.epoch(meterId, keyEpoch)) === undefined) throw',
      },
    ],
  },
};
