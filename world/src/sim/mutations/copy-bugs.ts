import type { Mutation } from './mutation.ts';

/** Bugs of a ledger that was restored, or that has a copy: in what it finds again, and in when it sells again. */
export const COPY_BUGS: Readonly<Record<string, Mutation>> = {
  'sequence-reused-after-restore': {
    safeguard: 'A restored ledger issues nothing for a meter before it was read and its epoch ended.',
    why: 'The backup is of today.',
    edits: [
      {
        file: 'chaincode/src/vouchers/issue-one.ts',
        find: '  await requireIssuing(work, meterId);\n',
        replace: '  requireIssuing.toString();\n',
      },
    ],
  },
  'remainder-left-out': {
    safeguard: 'What a meter’s register shows above all that is known is found when its epoch ends.',
    why: 'Receipts come sooner or later.',
    edits: [
      {
        file: 'chaincode/src/copies/remainder.ts',
        find: '  if (amount <= 0n || (await work.draft.get(key)) !== undefined) return meter;',
        replace: '  if (amount <= 0n || key !== undefined) return meter;',
      },
    ],
  },
  'cleared-by-an-older-order': {
    safeguard:
      'Only an order made after the restore clears a meter: in the epoch that an older one begins, more may have been sold.',
    why: 'The epoch has ended, whoever ordered it.',
    edits: [
      {
        file: 'chaincode/src/copies/clear.ts',
        find: '  if (order.restores !== restores || !isNext) return after;',
        replace: '  if (!isNext) return after;',
      },
    ],
  },
  'forgotten-sold-again': {
    safeguard: 'A request is not issued again when its meter showed what this ledger forgot of it.',
    why: 'The ledger knows of no voucher for this request.',
    edits: [
      {
        file: 'chaincode/src/vouchers/issue-one.ts',
        find: '  requireNotForgotten(request, meter);\n',
        replace: '  requireNotForgotten.toString();\n',
      },
    ],
  },
  'orphan-booked-by-one-person': {
    safeguard: 'Money that nobody proved is booked by two people.',
    why: 'Who found it may as well book it.',
    edits: [
      {
        file: 'chaincode/src/vouchers/orphan.ts',
        find: "  if (proposal.by === partyId) throw new Rejected('SAME_PARTY');\n",
        replace: '',
      },
    ],
  },
  'conflict-suspects-no-copy': {
    safeguard: 'Two vouchers with one number are evidence of another copy.',
    why: 'The voucher is cancelled; that is enough.',
    edits: [
      {
        file: 'chaincode/src/vouchers/settle.ts',
        find: '  if (isNew) await suspectCopy(',
        replace: '  if (isNew && meter.meterId === undefined) await suspectCopy(',
      },
    ],
  },
  'orphan-suspects-no-copy': {
    safeguard: 'A receipt for a voucher that nobody here sold is evidence of another copy.',
    why: 'It is recorded; people will look at it.',
    edits: [
      {
        file: 'chaincode/src/vouchers/orphan.ts',
        find: '  if (known === undefined) await suspectCopy(',
        replace: '  if (known === undefined && key === undefined) await suspectCopy(',
      },
    ],
  },
  'unknown-voucher-suspects-no-copy': {
    safeguard: 'A voucher that nobody here sold is evidence of another copy when a handset shows it.',
    why: 'Its meter will say so, if it is true.',
    edits: [
      {
        file: 'chaincode/src/copies/record-voucher.ts',
        find: "  await suspectCopy(work, meter, { what: 'unknown-voucher', keyEpoch, voucherId });\n",
        replace: '  suspectCopy.toString();\n  meter.toString();\n  keyEpoch.toString();\n',
      },
    ],
  },
  'unknown-voucher-only-presented': {
    safeguard: 'A gateway takes a voucher that its ledger never sold to the ledger as well as to the meter.',
    why: 'It was paid for, so it is presented; where it was sold is of no account.',
    edits: [
      {
        file: 'gateway/src/requests/redeem.ts',
        find: '  if (record === null) ports.unknownVouchers.shown(voucher, frame);\n',
        replace: '',
      },
    ],
  },
  'meter-ahead-suspects-no-copy': {
    safeguard: 'A meter that is where this ledger never sent it is evidence of another copy.',
    why: 'Its epoch is ended, and it is in step again.',
    edits: [
      {
        file: 'chaincode/src/copies/evidence.ts',
        find: '  if (meter.aheadIn !== found.keyEpoch) await suspectCopy(work, meter, found);\n',
        replace: '',
      },
    ],
  },
  'epoch-ended-elsewhere-unnoticed': {
    safeguard: 'An epoch that ended without an order of this ledger is evidence of another copy.',
    why: 'The order has come to its end, however.',
    edits: [
      {
        file: 'chaincode/src/epochs/withdraw.ts',
        find: "    await suspectCopy(work, meter, { what: 'epoch-ended-elsewhere', keyEpoch: own.keyEpoch });\n",
        replace: '',
      },
    ],
  },
  'copy-not-suspected': {
    safeguard: 'A ledger that a meter has seen another copy of stops issuing.',
    why: 'One odd meter is no reason to stop all sales.',
    edits: [
      {
        file: 'chaincode/src/copies/evidence.ts',
        find: '  if (ledger.halted !== undefined || meter.suspended',
        replace: '  if (ledger.ledgerId !== undefined || meter.suspended',
      },
    ],
  },
  'restore-not-counted': {
    safeguard: 'Every restore puts every meter in quarantine.',
    why: 'It was restored before, too.',
    edits: [
      {
        file: 'chaincode/src/copies/restores.ts',
        find: '  const restores = (ledger.restores ?? 0) + 1;',
        replace: '  const restores = ledger.restores ?? 0;',
      },
    ],
  },
  'orphan-counted-again': {
    safeguard: 'What was found is counted once.',
    why: 'Every receipt counts.',
    edits: [
      {
        file: 'chaincode/src/vouchers/orphan.ts',
        find: '  if (known !== undefined && !tellsMore(known, claimed)) return',
        replace: '  if (known !== undefined && claimed < 0n && !tellsMore(known, claimed)) return',
      },
    ],
  },
};
