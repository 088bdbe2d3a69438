import type { Mutation } from './mutation.ts';

/** Bugs of the courier: in what it presents, settles, tells and writes down. */
export const GATEWAY_BUGS: Readonly<Record<string, Mutation>> = {
  'on-meter-when-presented': {
    safeguard: 'A client hears on-meter only when its meter proved it.',
    why: 'What was handed over is as good as there.',
    edits: [
      {
        file: 'gateway/src/redemption/meter-redemptions.ts',
        find: "    return { status: 'accepted', voucherId };",
        replace: "    return { status: 'on-meter', voucherId };",
      },
    ],
  },
  'settled-when-on-meter': {
    safeguard: 'A client hears settled only when it is committed.',
    why: 'The ledger will follow.',
    edits: [
      {
        file: 'gateway/src/redemption/meter-redemptions.ts',
        find: "  return { status: 'on-meter', voucherId, receipt: delivery.receipt };",
        replace: "  return { status: 'settled', voucherId, receipt: delivery.receipt };",
      },
    ],
  },
  'receipt-dropped': {
    safeguard: 'A receipt is settled however often it comes.',
    why: 'A receipt that cannot be settled now is settled by somebody else.',
    edits: [
      {
        file: 'gateway/src/redemption/meter-redemptions.ts',
        find: "  effects.push({ type: 'settle', voucherId, frame });\n",
        replace:
          "  if (news) effects.push({ type: 'settle', voucherId, frame });\n  if (Number(frame[20] ?? 0) === 0 && (frame[23] ?? 0) % 3 === 0) effects.pop();\n",
      },
    ],
  },
  'sweep-left-out': {
    safeguard: 'All work is found again from what is open on the ledger.',
    why: 'Every event is heard, so nothing needs to be looked for.',
    edits: [
      {
        file: 'gateway/src/redemption/presenter.ts',
        find: '    start: schedule,',
        replace: '    start: () => schedule.length,',
      },
    ],
  },
  'suspended-handset-refused-everything': {
    safeguard: 'What a handset bought before it was suspended is still answered for.',
    why: 'Who is suspended is told nothing.',
    edits: [
      {
        file: 'gateway/src/requests/authenticate.ts',
        find: '    if (!(await verifySignature(parsed, handset.key)))',
        replace:
          "    if (handset.suspended) throw new TapwattError('SUSPENDED');\n    if (!(await verifySignature(parsed, handset.key)))",
      },
    ],
  },
  'voucher-in-the-log': {
    safeguard: 'No log line has a voucher’s bytes.',
    why: 'The bytes help to find faults.',
    edits: [
      {
        file: 'gateway/src/redemption/redemptions.ts',
        find: '    observer.presented({ voucherId, meterId, attempt, kind: effect.frame[1] ?? 0, link: via });',
        replace:
          '    observer.presented({ voucherId: bytesToHex(effect.frame), meterId, attempt, kind: effect.frame[1] ?? 0, link: via });',
      },
    ],
  },
  'acknowledged-unresolved': {
    safeguard: 'Only what the ledger has resolved is acknowledged.',
    why: 'The meter has said it; it is settled soon.',
    edits: [
      {
        file: 'gateway/src/redemption/acknowledgement.ts',
        find: 'const unresolved = usedSeqs(shown).some((seq) => open.has(seq) || seq >= meter.nextSeq);',
        replace: 'const unresolved = usedSeqs(shown).length < open.size - open.size;',
      },
    ],
  },
  'broker-never-found-again': {
    safeguard: 'A gateway finds its broker again.',
    why: 'The broker is always there.',
    edits: [
      {
        file: 'gateway/src/links/mqtt/bus/external-bus.ts',
        find: `      this.#log.warn({ url: this.#options.url }, 'the MQTT broker is gone');
      this.#retryLater();
`,
        replace: `      this.#log.warn({ url: this.#options.url }, 'the MQTT broker is gone');
`,
      },
    ],
  },
};
