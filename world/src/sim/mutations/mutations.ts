/** One planted bug: a piece of production's text and what stands there instead. */
export interface Mutation {
  /** What a hurried author might have thought. */
  readonly why: string;
  /** From the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Ten worlds did not show it: hunted only when it is asked for by name. */
  readonly isRare?: true;
}

/** Bugs that the checkers must see (each removes one safeguard). */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'answer-before-sync': {
    why: 'Waiting for the disk is slow; the answer is known before.',
    file: 'gateway/src/ledger/embedded/writer.ts',
    find: '    const begun = clock.monotonic();\n',
    replace:
      '    const begun = clock.monotonic();\n    for (const waiter of group.waiters.splice(0)) waiter.landed();\n',
  },
  'stale-read': {
    why: 'The rows on disk are the state; what is on its way there will come.',
    file: 'gateway/src/ledger/embedded/writer.ts',
    find: 'overlayReader(() => this.#layers(), parts.storage)',
    replace: 'overlayReader(() => [this.#group], parts.storage)',
  },
  'state-without-sync': {
    why: 'One batch is as good as two: blocks are synced, state follows.',
    file: 'gateway/src/ledger/embedded/writer.ts',
    find: '    storage.commit(rows, { sync: true }).then(',
    replace: '    storage.commit(rows, { sync: false }).then(',
  },
  'unknown-is-refused': {
    why: 'An outcome that is not known is a failure: tell the client so.',
    file: 'gateway/src/ledger/submit-surely.ts',
    find: '      const passing =',
    replace:
      "      if (error instanceof OutcomeUnknown) throw new LedgerUnavailable('It failed.', { code: 'ABANDONED' });\n      const passing =",
  },
  'receipt-before-commit': {
    why: 'The receipt is ready; why should it wait for the memory?',
    file: 'simulator/src/meter/meter.ts',
    find: '      for (const effect of effects) this.#commit(effect, state, running.memory);',
    replace:
      '      for (const effect of effects) this.#act(effect);\n      for (const effect of effects) this.#commit(effect, state, running.memory);',
    isRare: true,
  },
  'one-slot': {
    why: 'One slot is enough: it is overwritten in place.',
    file: 'simulator/src/nvm/two-slots.ts',
    find: '    this.#older = this.#older === 0 ? 1 : 0;\n',
    replace: '',
  },
  'blank-is-new': {
    why: 'A memory without a record is a new meter.',
    file: 'simulator/src/meter/power-on.ts',
    find: '    record: isWhole ? stored.record : undefined,',
    replace:
      '    record: isWhole ? stored.record : provisionMeter({ ...identity, keyEpoch: 1, balanceLimit: 1_000_000_000n }).record,',
  },
  'request-forgotten': {
    why: 'The voucher id says which voucher it is; the request needs no memory.',
    file: 'chaincode/src/vouchers/issue.ts',
    find: '  if (earlier.value !== undefined) return answerAgain(earlier.value);\n',
    replace: '',
  },
  'refund-at-cancel': {
    why: 'Who cancels wants the money back now.',
    file: 'chaincode/src/vouchers/cancel.ts',
    find: "status: 'CANCELLING', cancel };",
    replace: "status: 'VOIDED', cancel };",
  },
  'floor-too-high': {
    why: 'What was issued long ago has surely been taken.',
    file: 'chaincode/src/registry/meter-record.ts',
    find: '(floor, voucher) => (voucher.keyEpoch === keyEpoch ? Math.min(floor, voucher.seq) : floor),',
    replace: '(floor) => floor,',
  },
  'taken-seq-forgotten': {
    why: 'A voucher that was taken comes once only.',
    file: 'firmware-contracts/src/meter/window.ts',
    find: '  if ((window.used & bit) === 0n) return undefined;',
    replace: '  if ((window.voided & bit) === 0n) return undefined;',
  },
  'window-not-moved': {
    why: 'The bits stay where they are when hi moves.',
    file: 'firmware-contracts/src/meter/window.ts',
    find: 'BigInt.asUintN(WINDOW_SIZE, window.used << places)',
    replace: 'BigInt.asUintN(WINDOW_SIZE, window.used)',
  },
  'void-not-marked': {
    why: 'A void order changes nothing, so nothing needs to be kept.',
    file: 'firmware-contracts/src/meter/commit.ts',
    find: 'record: take(next, voucher, true), answer: ANSWER.voided',
    replace: 'record: next, answer: ANSWER.voided',
    isRare: true,
  },
  'fulfil-shown-when-expired': {
    why: 'Every answer may as well carry its opening.',
    file: 'firmware-contracts/src/meter/answer.ts',
    find: 'expired: { result: RESULT.EXPIRED }',
    replace: "expired: { result: RESULT.EXPIRED, opening: 'fulfil' }",
  },
  'void-shown-when-expired': {
    why: 'What expired will never be applied.',
    file: 'firmware-contracts/src/meter/answer.ts',
    find: 'expired: { result: RESULT.EXPIRED }',
    replace: "expired: { result: RESULT.EXPIRED, opening: 'void' }",
    isRare: true,
  },
  'any-opening-fulfils': {
    why: 'A receipt with an opening is a receipt for credit.',
    file: 'chaincode/src/vouchers/settle-proof.ts',
    find: 'if (shown.opening.hash === voucher.fulfilHash) return',
    replace: "if (shown.opening.hash !== '') return",
  },
  'redeems-twice': {
    why: 'A second receipt is a second redemption.',
    file: 'chaincode/src/vouchers/settle-proof.ts',
    find: "  REDEEMED: again('redeemed'),",
    replace: '  REDEEMED: redeem,',
  },
  'void-keeps-the-money': {
    why: 'The hold is cleaned up later.',
    file: 'chaincode/src/vouchers/settle-proof.ts',
    find: "  await transfer(work, { ...about(voucher), kind: 'void', debit: 'hold', credit });\n",
    replace: '  credit.toString();\n',
  },
  'abandon-not-recorded': {
    why: 'A request that never came needs no memory.',
    file: 'chaincode/src/vouchers/cancel.ts',
    find: '    work.draft.put(key, record);\n  } else if',
    replace: '    record.op.toString();\n  } else if',
  },
  'seq-given-twice': {
    why: 'The next number is the newest one.',
    file: 'chaincode/src/registry/meter-record.ts',
    find: '  nextSeq: voucher.seq + 1,',
    replace: '  nextSeq: voucher.seq,',
  },
  'on-meter-when-presented': {
    why: 'What was handed over is as good as there.',
    file: 'gateway/src/redemption/meter-redemptions.ts',
    find: "    return { status: 'accepted', voucherId };",
    replace: "    return { status: 'on-meter', voucherId };",
  },
  'settled-when-on-meter': {
    why: 'The ledger will follow.',
    file: 'gateway/src/redemption/meter-redemptions.ts',
    find: "  return { status: 'on-meter', voucherId, receipt: delivery.receipt };",
    replace: "  return { status: 'settled', voucherId, receipt: delivery.receipt };",
  },
  'silent-meters-left-out': {
    why: 'A meter that did not answer is away until it speaks.',
    file: 'gateway/src/redemption/presenter.ts',
    find: 'if (!redemptions.isReachable(meterId) && ports.isListening(meterId))',
    replace: "if (meterId === '')",
    isRare: true,
  },
  'receipt-dropped': {
    why: 'A receipt that cannot be settled now is settled by somebody else.',
    file: 'gateway/src/redemption/meter-redemptions.ts',
    find: "  effects.push({ type: 'settle', voucherId, frame });\n",
    replace:
      "  if (news) effects.push({ type: 'settle', voucherId, frame });\n  if (Number(frame[20] ?? 0) === 0 && (frame[23] ?? 0) % 3 === 0) effects.pop();\n",
  },
  'final-refusal-forgotten': {
    why: 'A refusal costs nothing: it need not be kept.',
    file: 'chaincode/src/vouchers/issue.ts',
    find: '  work.draft.put(request.key, record);\n  return refusal(issued.error, true);',
    replace: '  record.op.toString();\n  return refusal(issued.error, true);',
    isRare: true,
  },
};
