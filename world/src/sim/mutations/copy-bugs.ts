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
};
