import type { Mutation } from './mutation.ts';

/** Bugs of the ledger: in the rules of money, and in how they are made durable. */
export const LEDGER_BUGS: Readonly<Record<string, Mutation>> = {
  'ack-before-sync': {
    safeguard: 'Nobody hears of a commit before it is durable.',
    why: 'Waiting for the disk is slow; the answer is known before.',
    edits: [
      {
        file: 'gateway/src/ledger/embedded/writer.ts',
        find: '    const begun = clock.monotonic();\n',
        replace:
          '    const begun = clock.monotonic();\n    for (const waiter of group.waiters.splice(0)) waiter.landed();\n',
      },
    ],
  },
  'stale-read': {
    safeguard: 'A transaction sees what is on its way to the disk.',
    why: 'The rows on disk are the state; what is on its way there will come.',
    edits: [
      {
        file: 'gateway/src/ledger/embedded/writer.ts',
        find: 'overlayReader(() => this.#layers(), parts.storage)',
        replace: 'overlayReader(() => [this.#group], parts.storage)',
      },
    ],
  },
  'state-without-sync': {
    safeguard: 'Block, state and history go to disk in one synced batch.',
    why: 'One batch is as good as two: blocks are synced, state follows.',
    edits: [
      {
        file: 'gateway/src/ledger/embedded/writer.ts',
        find: '    storage.commit(rows, { sync: true }).then(',
        replace: '    storage.commit(rows, { sync: false }).then(',
      },
    ],
  },
  'timeout-treated-as-failure': {
    safeguard: 'Unknown is not failed: it is looked up under the same transaction id.',
    why: 'An outcome that is not known is a failure: tell the client so.',
    edits: [
      {
        file: 'gateway/src/ledger/submit-surely.ts',
        find: '      const passing =',
        replace:
          "      if (error instanceof OutcomeUnknown) throw new LedgerUnavailable('It failed.', { code: 'ABANDONED' });\n      const passing =",
      },
    ],
  },
  'dedupe-by-voucher-id-only': {
    safeguard: 'A request id has one answer for ever.',
    why: 'The voucher id says which voucher it is; the request needs no memory.',
    edits: [
      {
        file: 'chaincode/src/vouchers/issue.ts',
        find: '  if (earlier.value !== undefined) return answerAgain(earlier.value);\n',
        replace: '',
      },
    ],
  },
  'refund-at-cancel': {
    safeguard: 'Only the meter ends a voucher.',
    why: 'Who cancels wants the money back now.',
    edits: [
      {
        file: 'chaincode/src/vouchers/cancel.ts',
        find: "status: 'CANCELLING', cancel };",
        replace: "status: 'VOIDED', cancel };",
      },
    ],
  },
  'floor-too-high': {
    safeguard: 'The floor is the oldest unresolved seq.',
    why: 'What was issued long ago has surely been taken.',
    edits: [
      {
        file: 'chaincode/src/registry/meter-record.ts',
        find: '(floor, voucher) => (voucher.keyEpoch === keyEpoch ? Math.min(floor, voucher.seq) : floor),',
        replace: '(floor) => floor,',
      },
    ],
  },
  'any-opening-fulfils': {
    safeguard: 'The opening itself says what it proves.',
    why: 'A receipt with an opening is a receipt for credit.',
    edits: [
      {
        file: 'chaincode/src/vouchers/settle-proof.ts',
        find: 'if (shown.opening.hash === voucher.fulfilHash) return',
        replace: "if (shown.opening.hash !== '') return",
      },
    ],
  },
  'redeems-twice': {
    safeguard: 'What ended a voucher ends it once.',
    why: 'A second receipt is a second redemption.',
    edits: [
      {
        file: 'chaincode/src/vouchers/settle-proof.ts',
        find: "  REDEEMED: again('redeemed'),",
        replace: '  REDEEMED: redeem,',
      },
    ],
  },
  'void-keeps-the-money': {
    safeguard: 'Every end of a voucher moves its money.',
    why: 'The hold is cleaned up later.',
    edits: [
      {
        file: 'chaincode/src/vouchers/settle-proof.ts',
        find: "  await transfer(work, { ...about(voucher), kind: 'void', debit: 'hold', credit });\n",
        replace: '  credit.toString();\n',
      },
    ],
  },
  'abandon-not-recorded': {
    safeguard: 'An abandoned request id is refused for ever.',
    why: 'A request that never came needs no memory.',
    edits: [
      {
        file: 'chaincode/src/vouchers/cancel.ts',
        find: '    work.draft.put(key, record);\n  } else if',
        replace: '    record.op.toString();\n  } else if',
      },
    ],
  },
  'seq-given-twice': {
    safeguard: 'A seq is given once in an epoch.',
    why: 'The next number is the newest one.',
    edits: [
      {
        file: 'chaincode/src/registry/meter-record.ts',
        find: '  nextSeq: voucher.seq + 1,',
        replace: '  nextSeq: voucher.seq,',
      },
    ],
  },
  'final-refusal-forgotten': {
    safeguard: 'A final refusal is remembered.',
    why: 'A refusal costs nothing: it need not be kept.',
    edits: [
      {
        file: 'chaincode/src/vouchers/issue.ts',
        find: '  work.draft.put(request.key, record);\n  return refusal(issued.error, true);',
        replace: '  record.op.toString();\n  return refusal(issued.error, true);',
      },
    ],
  },
  'read-of-unsynced-state': {
    safeguard: 'Nothing is read before it is durable.',
    why: 'Readers need not wait for the disk.',
    edits: [
      {
        file: 'gateway/src/ledger/embedded/writer.ts',
        find: '    storage.commit(rows, { sync: true }).then(',
        replace: `    void storage.commit(rows, { sync: false });
    storage.commit(rows, { sync: true }).then(`,
      },
    ],
  },
  'blind-write': {
    safeguard: 'No key is written without being read.',
    why: 'An id that nobody used before need not be looked up.',
    edits: [
      {
        file: 'chaincode/src/state/draft.ts',
        find: `    if (!this.knows(key)) throw new Error(\`\${key} is written without being read\`);
`,
        replace: '',
      },
      {
        file: 'chaincode/src/vouchers/cancel.ts',
        find: `  const known = await work.draft.get<RequestRecord>(key);
`,
        replace: `  const known = undefined as RequestRecord | undefined;
`,
      },
    ],
  },
  'refund-by-timeout': {
    safeguard: 'A date that has passed moves no money.',
    why: 'What has expired is given back.',
    edits: [
      {
        file: 'chaincode/src/vouchers/cancel.ts',
        find: `  return cancelled(work, voucher, reason);
}

function`,
        replace: `  if (reason === 'EXPIRED') {
    const { settleProof } = await import(['.', 'settle-proof.ts'].join('/'));
    const figures = { keyEpoch: 0, receiptNo: 0, cumulativeCredited: '0' };
    await settleProof(work, voucher, { opening: { hash: voucher.voidHash }, hex: undefined, figures } as never);
  }
  return cancelled(work, voucher, reason);
}

function`,
      },
    ],
  },
  'refund-by-no-opening': {
    safeguard: 'Only V gives money back.',
    why: 'A meter that refuses a voucher has not taken it.',
    edits: [
      {
        file: 'gateway/src/redemption/meter-redemptions.ts',
        find: `    ...(code === 'CONFLICT' ? [`,
        replace: '    ...(code !== undefined ? [',
      },
      {
        file: 'chaincode/src/vouchers/settle.ts',
        find: `  if (conflict !== undefined) return conflict;
`,
        replace: `  if (conflict !== undefined) return conflict;
  if (shown.result.startsWith('BAD_EPOCH') || shown.result === 'OUT_OF_WINDOW' || shown.result === 'CLOSED')
    return settleProof(work, voucher, { ...shown, opening: { hash: voucher.voidHash, value: '' } });
`,
      },
    ],
  },
  'open-limit-left-out': {
    safeguard: 'Few vouchers of a meter are open at a time.',
    why: 'Whoever pays may buy.',
    edits: [
      {
        file: 'chaincode/src/vouchers/issue-one.ts',
        find: `  if (full)
`,
        replace: `  if (full && meter.open.length < 0)
`,
      },
    ],
  },
  'release-by-one-person': {
    safeguard: 'A refund without proof takes two people.',
    why: 'The agency knows its customers.',
    edits: [
      {
        file: 'chaincode/src/vouchers/release.ts',
        find: '  if (voucher.release === undefined) {',
        replace: '  if (voucher.release === undefined && voucher.kind === 0) {',
      },
      {
        file: 'chaincode/src/vouchers/release.ts',
        find: '  if (voucher.release.by === decision.by)',
        replace: '  if (voucher.release?.by === decision.by)',
      },
    ],
  },
  'late-credit-not-owed': {
    safeguard: 'Credit after a release is owed by the agency.',
    why: 'It was redeemed like any other.',
    edits: [
      {
        file: 'chaincode/src/vouchers/settle-proof.ts',
        find: '  RELEASED: redeemLate,',
        replace: '  RELEASED: redeem,',
      },
    ],
  },
  'deposit-confirmed-twice': {
    safeguard: 'A deposit is confirmed once.',
    why: 'The bank does not say it twice.',
    edits: [
      {
        file: 'chaincode/src/wallet/deposits.ts',
        find: `  if (deposit.status === 'CONFIRMED') {`,
        replace: `  if (deposit.status === 'CONFIRMED' && amount === '0') {`,
      },
      {
        file: 'chaincode/src/wallet/deposits.ts',
        find: `  if ((await work.draft.get(referenceKey)) !== undefined) throw new Rejected('UTR_REUSED');
`,
        replace: `  await work.draft.get(referenceKey);
`,
      },
    ],
  },
  'order-carried-out-again': {
    safeguard: 'A signed order is carried out once, and has its first answer for ever.',
    why: 'Who sends it again wants it again.',
    edits: [
      {
        file: 'chaincode/src/transactions.ts',
        find: '  if (earlier !== undefined) return {',
        replace: '  if (earlier !== undefined && earlier.result === null) return {',
      },
    ],
  },
  'closed-wallets-money-stays': {
    safeguard: 'A closed wallet pays out what it has.',
    why: 'Nobody asks for it.',
    edits: [
      {
        file: 'chaincode/src/wallet/wallets.ts',
        find: '  if (withdrawn > 0n) {',
        replace: '  if (withdrawn < 0n) {',
      },
    ],
  },
};
