import type { Mutation } from './mutation.ts';

/** Bugs of a meter: in the decision that every meter makes, and in how it keeps and says it. */
export const METER_BUGS: Readonly<Record<string, Mutation>> = {
  'fulfil-revealed-before-commit': {
    safeguard: 'F is revealed only after the credit is durable.',
    why: 'The receipt is ready; why should it wait for the memory?',
    edits: [
      {
        file: 'simulator/src/meter/meter.ts',
        find: '      for (const effect of effects) this.#commit(effect, state, running.memory);',
        replace:
          '      for (const effect of effects) this.#act(effect);\n      for (const effect of effects) this.#commit(effect, state, running.memory);',
      },
    ],
  },
  'one-slot': {
    safeguard: 'Always the older of two slots is written.',
    why: 'One slot is enough: it is overwritten in place.',
    edits: [
      {
        file: 'simulator/src/nvm/two-slots.ts',
        find: '    this.#older = this.#older === 0 ? 1 : 0;\n',
        replace: '',
      },
    ],
  },
  'blank-memory-taken-for-new': {
    safeguard: 'Blank memory is LOCKED, never new.',
    why: 'A memory without a record is a new meter.',
    edits: [
      {
        file: 'simulator/src/meter/power-on.ts',
        find: '    record: isWhole ? stored.record : undefined,',
        replace:
          '    record: isWhole ? stored.record : provisionMeter({ ...identity, keyEpoch: 1, balanceLimit: 1_000_000_000n }).record,',
      },
    ],
  },
  'taken-seq-forgotten': {
    safeguard: 'A taken seq is never taken again.',
    why: 'A voucher that was taken comes once only.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/window.ts',
        find: '  if ((window.used & bit) === 0n) return undefined;',
        replace: '  if ((window.voided & bit) === 0n) return undefined;',
      },
    ],
  },
  'window-not-moved': {
    safeguard: 'The window keeps its bits where they belong as it moves.',
    why: 'The bits stay where they are when hi moves.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/window.ts',
        find: 'BigInt.asUintN(WINDOW_SIZE, window.used << places)',
        replace: 'BigInt.asUintN(WINDOW_SIZE, window.used)',
      },
    ],
  },
  'void-not-marked': {
    safeguard: 'V is revealed only when the voucher can never be applied.',
    why: 'A void order changes nothing, so nothing needs to be kept.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/commit.ts',
        find: 'record: take(next, voucher, true), answer: ANSWER.voided',
        replace: 'record: next, answer: ANSWER.voided',
      },
    ],
  },
  'fulfil-shown-when-expired': {
    safeguard: 'A refusal carries no opening.',
    why: 'Every answer may as well carry its opening.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/answer.ts',
        find: 'expired: { result: RESULT.EXPIRED }',
        replace: "expired: { result: RESULT.EXPIRED, opening: 'fulfil' }",
      },
    ],
  },
  'void-shown-when-expired': {
    safeguard: 'A refusal carries no opening.',
    why: 'What expired will never be applied.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/answer.ts',
        find: 'expired: { result: RESULT.EXPIRED }',
        replace: "expired: { result: RESULT.EXPIRED, opening: 'void' }",
      },
    ],
  },
  'credit-before-mark': {
    safeguard: 'Credit and mark are one atomic record.',
    why: 'First the credit, so that nobody loses any; then the mark.',
    edits: [
      {
        file: 'simulator/src/meter/meter.ts',
        find: `    if (stored !== undefined) memory.commitRecord(stored);
`,
        replace: `    const before = this.#running?.state.meter.record;
    if (stored !== undefined && before !== undefined)
      memory.commitRecord({ ...stored, record: { ...stored.record, window: before.window } });
    if (stored !== undefined) memory.commitRecord(stored);
`,
      },
    ],
  },
  'mark-before-credit': {
    safeguard: 'Credit and mark are one atomic record.',
    why: 'First the mark, so that nothing is credited twice; then the credit.',
    edits: [
      {
        file: 'simulator/src/meter/meter.ts',
        find: `    if (stored !== undefined) memory.commitRecord(stored);
`,
        replace: `    const before = this.#running?.state.meter.record;
    if (stored !== undefined && before !== undefined)
      memory.commitRecord({ ...stored, record: { ...stored.record, cumulativeCredited: before.cumulativeCredited } });
    if (stored !== undefined) memory.commitRecord(stored);
`,
      },
    ],
  },
  'floor-applied-before-commit': {
    safeguard: 'The floor counts when it is stored.',
    why: 'A floor is only a number: it is stored with the next credit.',
    edits: [
      {
        file: 'simulator/src/meter/meter.ts',
        find: `    if (stored !== undefined) memory.commitRecord(stored);
`,
        replace: `    const isCredit = stored?.record.receiptNo !== this.#running?.state.meter.record?.receiptNo;
    if (stored !== undefined && isCredit) memory.commitRecord(stored);
`,
      },
    ],
  },
  'bad-epoch-before-repeated-answer': {
    safeguard: 'A voucher shown again has its answer again, in the ended epoch too.',
    why: 'Another epoch is another epoch.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/decide.ts',
        find: `  aboutATakenSeq(situation) ??
  aboutAVoucherThatCanNeverCome(situation) ??
  refuseByEpoch(situation) ??
`,
        replace: `  refuseByEpoch(situation) ??
  aboutATakenSeq(situation) ??
  aboutAVoucherThatCanNeverCome(situation) ??
`,
      },
    ],
  },
  'void-of-an-ended-epoch-refused': {
    safeguard: 'A void order of the ended epoch shows V.',
    why: 'Nothing of an ended epoch can be voided any more.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/decide.ts',
        find: '  return ofEndedEpoch || belowFloor ? ANSWER.voided : undefined;',
        replace: '  return belowFloor ? ANSWER.voided : undefined;',
      },
    ],
  },
  'taken-below-the-floor': {
    safeguard: 'Nothing below the floor is taken.',
    why: 'What was sealed was paid for.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/decide.ts',
        find: 'voucher.seq >= floor && voucher.seq < end',
        replace: 'voucher.seq < end',
      },
    ],
  },
  'expiry-not-asked': {
    safeguard: 'What has expired is not credited.',
    why: 'It was paid for.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/decide.ts',
        find: '  if (clock.trust >= 1 &&',
        replace: '  if (clock.trust > 2 &&',
      },
    ],
  },
  'expired-without-a-clock': {
    safeguard: 'A meter that does not know the time refuses nothing as expired.',
    why: 'Its clock says that it is late.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/decide.ts',
        find: '  if (clock.trust >= 1 &&',
        replace: '  if (clock.trust >= 0 &&',
      },
    ],
  },
  'tag-not-compared': {
    safeguard: 'A number that another voucher took is a conflict.',
    why: 'A number is taken or it is not.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/decide.ts',
        find: '  if (taken.tag !== tagOf(voucher.voucherId)) {',
        replace: '  if (taken.tag === undefined) {',
      },
    ],
  },
  'floor-falls': {
    safeguard: 'The floor only rises.',
    why: 'The newest acknowledgement counts.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/take-acknowledgement.ts',
        find: 'Math.max(record.window.floorSeq, fields.floorSeq)',
        replace: 'fields.floorSeq',
      },
    ],
  },
  'time-order-repeated': {
    safeguard: 'A time order is taken once.',
    why: 'Time goes on, and the order says it.',
    edits: [
      {
        file: 'firmware-contracts/src/meter/take-time-order.ts',
        find: '  if (timeNo <= record.timeNo) return',
        replace: '  if (timeNo < 0) return',
      },
    ],
  },
  'record-without-checksum': {
    safeguard: 'Only a whole record counts: its checksum tells.',
    why: 'The mark is written last.',
    edits: [
      {
        file: 'simulator/src/nvm/two-slots.ts',
        find: '  return checksum(generation, payload) === slot.read(3) ? {',
        replace: '  return generation >= 0 ? {',
      },
    ],
  },
};
