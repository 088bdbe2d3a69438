import { describe, expect, it } from 'vitest';
import { decodeCommand, encodeResponse, encodeSelected, INS, SW } from '../apdu.ts';
import { encodeAcknowledgement } from '../frames/acknowledgement.ts';
import { encodeStatus } from '../frames/status.ts';
import { CLOCK, keysOf, METER, newMeter, seal, voucher } from '../meter/meter.fixture.ts';
import { presentVoucher } from '../meter/present-voucher.ts';
import { answerTap, beginTap, planTap, TAP_VOUCHERS_MAX } from './tap.ts';
import type { TapPlan, TapStep } from './tap-state.ts';

const EMPTY: Uint8Array = new Uint8Array(0);
const NOTHING: TapPlan = { vouchers: [], acknowledgements: [] };
const keys = keysOf(1);
const credit = seal(voucher(1, 1));
const { receipt } = presentVoucher(newMeter(), credit, CLOCK);
const ack = encodeAcknowledgement({ keyEpoch: 1, meterId: METER, receiptNo: 1, floorSeq: 1 }, keys);

const ok = (data: Uint8Array = EMPTY): Uint8Array => encodeResponse({ data, sw: SW.OK });
const sw = (word: number): Uint8Array => encodeResponse({ data: EMPTY, sw: word });
const selected = ok(encodeSelected({ version: 1, meterId: METER, capabilities: 0 }));
const status = (receiptNo: number, ackedReceiptNo: number): Uint8Array =>
  ok(
    encodeStatus(
      {
        ...{ stateBits: 1, keyEpoch: 1, meterId: METER, hi: 1, used: 1n, floorSeq: 1, balance: 0n },
        ...{ cumulativeCredited: 0n, receiptNo, ackedReceiptNo, meterTime: 0 },
      },
      keys,
    ),
  );

const insOf = ({ command }: TapStep): number | undefined =>
  command === undefined ? undefined : decodeCommand(command)?.ins;

const meet = (word = status(0, 0)): TapStep => answerTap(answerTap(beginTap().state, selected).state, word);

/** Goes through a planned tap with these answers and tells which instructions it sent. */
const run = (first: TapStep, answers: readonly Uint8Array[]): { step: TapStep; sent: readonly number[] } => {
  const sent: number[] = [];
  let step = first;
  for (const answer of answers) {
    sent.push(insOf(step) ?? -1);
    step = answerTap(step.state, answer);
  }
  return { step, sent };
};

describe('a tap', () => {
  it('asks who is there and how it stands, and waits for a plan for that meter', () => {
    expect(insOf(beginTap())).toBe(INS.SELECT);
    const step = meet(status(4, 4));
    expect(step.command).toBeUndefined();
    expect(step.state).toMatchObject({
      isPlanned: false,
      meter: { status: { meterId: METER, receiptNo: 4 } },
    });
  });

  it('sets the time, shows the voucher, takes receipts out and brings acknowledgements in, in this order', () => {
    const plan = { vouchers: [credit], acknowledgements: [ack], timeOrder: ack };
    const answers = [ok(), ok(), ok(receipt), ok(receipt), sw(SW.NO_SUCH_RECEIPT), ok()];
    const { step, sent } = run(planTap(meet(status(2, 0)).state, plan), answers);
    expect(sent).toEqual([
      INS.SET_TIME,
      INS.PUT_VOUCHER,
      INS.COMMIT,
      INS.GET_RECEIPT,
      INS.GET_RECEIPT,
      INS.ACK,
    ]);
    expect(step.state).toMatchObject({ end: 'done', delivered: [ack] });
    expect(step.state.shown).toMatchObject([{ voucher: credit, fields: { result: 0 } }]);
  });

  it('need not carry what an acknowledgement settles that the meter took', () => {
    const plan = { vouchers: [], acknowledgements: [ack] };
    const planned = planTap(meet(status(1, 0)).state, plan);
    expect(run(planned, [ok(receipt), ok()]).step.state.receipts).toEqual([]);
    expect(run(planned, [ok(receipt), sw(SW.BAD_MAC)]).step.state.receipts).toEqual([receipt]);
    expect(run(planned, [ok(receipt), sw(SW.BAD_FORMAT)]).step.state.receipts).toEqual([receipt]);
  });

  it('is done at once where there is nothing to do', () => {
    expect(planTap(meet().state, NOTHING)).toMatchObject({ state: { end: 'done' } });
  });

  it('goes on where it was done with what came meanwhile, and asks for no receipt twice', () => {
    const done = planTap(meet(status(1, 1)).state, NOTHING).state;
    expect(done.end).toBe('done');
    const further = planTap(done, { vouchers: [credit], acknowledgements: [ack] });
    const { step, sent } = run(further, [ok(), ok(receipt), ok()]);
    expect(sent).toEqual([INS.PUT_VOUCHER, INS.COMMIT, INS.ACK]);
    expect(step.state).toMatchObject({ end: 'done', delivered: [ack], receipts: [] });
    const waiting = planTap(meet().state, { ...NOTHING, vouchers: [credit] });
    expect(planTap(waiting.state, NOTHING)).toEqual({ state: waiting.state });
  });

  it('asks for no more receipts than a ring holds, the newest', () => {
    const { state } = planTap(meet(status(100, 3)).state, NOTHING);
    expect(state.errands).toEqual(
      Array.from({ length: 8 }, (_, index) => ({ type: 'receipt', receiptNo: 93 + index })),
    );
  });

  it('shows no more vouchers than it could ask the receipts of again', () => {
    const vouchers = Array.from({ length: TAP_VOUCHERS_MAX + 1 }, () => credit);
    expect(planTap(meet().state, { ...NOTHING, vouchers }).state.errands).toHaveLength(2 * TAP_VOUCHERS_MAX);
  });

  it('does not commit what was not staged', () => {
    const planned = planTap(meet().state, { vouchers: [credit, credit], acknowledgements: [] });
    const { step, sent } = run(planned, [sw(SW.WRONG_LENGTH), ok(), ok(receipt)]);
    expect(sent).toEqual([INS.PUT_VOUCHER, INS.PUT_VOUCHER, INS.COMMIT]);
    expect(step.state).toMatchObject({ end: 'done', receipts: [receipt] });
  });

  it('goes on with the next voucher where a COMMIT found nothing staged', () => {
    const planned = planTap(meet().state, { vouchers: [credit, credit], acknowledgements: [] });
    const { step } = run(planned, [ok(), sw(SW.NOTHING_STAGED), ok(), ok(receipt)]);
    expect(step.state).toMatchObject({ end: 'done', shown: [{ voucher: credit }] });
  });

  it('keeps an acknowledgement that the meter could not read, and not one of another epoch', () => {
    const planned = planTap(meet().state, { vouchers: [], acknowledgements: [ack, credit] });
    const { step } = run(planned, [sw(SW.BAD_MAC), sw(SW.WRONG_LENGTH)]);
    expect(step.state.delivered).toEqual([ack]);
  });

  it.each([
    ['nothing', undefined],
    ['no bytes', EMPTY],
    ['half a status word', Uint8Array.of(0x90)],
  ])('is torn by an answer of %s, with what it has', (_what, answer) => {
    const planned = planTap(meet().state, { vouchers: [credit, credit], acknowledgements: [] });
    const { step } = run(planned, [ok(), ok(receipt)]);
    const torn = answerTap(step.state, answer);
    expect(torn).toMatchObject({ state: { end: 'torn', receipts: [receipt] } });
    expect(answerTap(torn.state, ok())).toEqual({ state: torn.state });
    expect(planTap(torn.state, NOTHING)).toEqual({ state: torn.state });
  });

  it('ends where there is no meter of ours, or one that breaks the contract', () => {
    const { state } = beginTap();
    expect(answerTap(state, sw(SW.UNKNOWN_AID)).state.end).toBe('no-meter');
    expect(answerTap(state, ok()).state.end).toBe('no-meter');
    const other = encodeSelected({ version: 2, meterId: METER, capabilities: 0 });
    expect(answerTap(state, ok(other)).state.end).toBe('broken');
    expect(meet(sw(SW.UNKNOWN_INS)).state.end).toBe('broken');
    expect(meet(ok()).state.end).toBe('broken');
  });

  it('leaves alone what is no receipt', () => {
    const planned = planTap(meet(status(1, 0)).state, { vouchers: [credit], acknowledgements: [] });
    const { step } = run(planned, [ok(), ok(credit), ok(credit)]);
    expect(step.state).toMatchObject({ end: 'done', shown: [], receipts: [] });
  });
});
