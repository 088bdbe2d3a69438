import {
  decodeResponse,
  decodeSelected,
  encodeCommand,
  meterCommand,
  type ResponseApdu,
  SW,
} from '../apdu.ts';
import { decodeAcknowledgement } from '../frames/acknowledgement.ts';
import { WIRE_VERSION } from '../frames/frame.ts';
import { decodeReceipt } from '../frames/receipt.ts';
import { decodeStatus } from '../frames/status.ts';
import { RING_SIZE } from '../meter/state.ts';
import type { MetMeter, TapEnd, TapErrand, TapPlan, TapState, TapStep } from './tap-state.ts';

/** Vouchers shown by one plan: as many as the ring holds receipts of, should all of them be lost on the way. */
export const TAP_VOUCHERS_MAX = RING_SIZE;

/**
 * A tap from the reader's side (WIRE.md "NFC and serial"): SELECT and STATUS; then, by the plan for the meter that was
 * met, SET TIME, each voucher's PUT and COMMIT, the unacknowledged receipts out, acknowledgements in. What a customer
 * waits for comes first. Pure: a reader of any kind sends each step's command and feeds `answerTap` with what comes
 * back. A tap that was torn is simply tapped again: whatever was committed is answered again.
 */
export const beginTap = (): TapStep =>
  saying({ errands: [{ type: 'select' }], isPlanned: false, shown: [], receipts: [], delivered: [] });

/**
 * Goes on with what there is for the meter that was met. A tap that is done may go on with what came meanwhile: the
 * acknowledgement of a receipt that it brought, a further voucher. The ring is asked for its receipts once.
 */
export const planTap = (state: TapState, plan: TapPlan): TapStep => {
  const { end, meter, ...going } = state;
  const waits = end === undefined ? !state.isPlanned : end === 'done';
  if (meter === undefined || !waits) return { state };
  const owed = state.isPlanned ? [] : unacknowledged(meter.status);
  return saying({
    ...going,
    meter,
    isPlanned: true,
    errands: [
      ...(plan.timeOrder === undefined ? [] : [{ type: 'set-time', frame: plan.timeOrder } as const]),
      ...plan.vouchers.slice(0, TAP_VOUCHERS_MAX).flatMap(showing),
      ...owed.map((receiptNo) => ({ type: 'receipt', receiptNo }) as const),
      ...plan.acknowledgements.map((frame) => ({ type: 'acknowledge', frame }) as const),
    ],
  });
};

/** Takes the response to the last command; `undefined`, or what is no response, tears the tap. */
export const answerTap = (state: TapState, response: Uint8Array | undefined): TapStep => {
  const [errand, ...errands] = state.errands;
  if (errand === undefined || state.end !== undefined) return { state };
  const answer = response === undefined ? undefined : decodeResponse(response);
  if (answer === undefined) return over(state, 'torn');
  return hear({ ...state, errands }, errand, answer);
};

const showing = (voucher: Uint8Array): readonly TapErrand[] => [
  { type: 'put', voucher },
  { type: 'commit', voucher },
];

/** The numbers that the ring may still hold, oldest first. */
const unacknowledged = ({ receiptNo, ackedReceiptNo }: MetMeter['status']): readonly number[] => {
  const first = Math.max(ackedReceiptNo, receiptNo - RING_SIZE) + 1;
  return Array.from({ length: Math.max(0, receiptNo - first + 1) }, (_, index) => first + index);
};

const hear = (state: TapState, errand: TapErrand, answer: ResponseApdu): TapStep => {
  switch (errand.type) {
    case 'select':
      return met(state, answer);
    case 'status':
      return standing(state, answer);
    case 'put':
      // A voucher that was not staged has nothing to commit.
      return saying(answer.sw === SW.OK ? state : { ...state, errands: state.errands.slice(1) });
    case 'commit':
      return committed(state, errand.voucher, answer);
    case 'receipt':
      return saying(answer.sw === SW.OK ? carrying(state, answer.data) : state);
    case 'acknowledge':
      return saying(acknowledged(state, errand.frame, answer.sw));
    case 'set-time':
      return saying(state);
    default:
      return errand satisfies never;
  }
};

const met = (state: TapState, { sw, data }: ResponseApdu): TapStep => {
  const selected = sw === SW.OK ? decodeSelected(data) : undefined;
  if (selected === undefined) return over(state, 'no-meter');
  if (selected.version !== WIRE_VERSION) return over(state, 'broken');
  return saying({ ...state, errands: [{ type: 'status' }] });
};

/** The status says both who the meter is and where it stands: SELECT's answer is not needed any more. */
const standing = (state: TapState, { sw, data }: ResponseApdu): TapStep => {
  const decoded = decodeStatus(data);
  if (sw !== SW.OK || !decoded.ok) return over(state, 'broken');
  return { state: { ...state, meter: { status: decoded.fields, statusFrame: data } } };
};

/** Every COMMIT is answered with a receipt; without one, nothing was staged any more. */
const committed = (state: TapState, voucher: Uint8Array, { sw, data }: ResponseApdu): TapStep => {
  const decoded = decodeReceipt(data);
  if (sw !== SW.OK || !decoded.ok) return saying(state);
  const shown = [...state.shown, { voucher, receipt: data, fields: decoded.fields }];
  return saying(carrying({ ...state, shown }, data));
};

const carrying = (state: TapState, receipt: Uint8Array): TapState =>
  decodeReceipt(receipt).ok ? { ...state, receipts: [...state.receipts, receipt] } : state;

/** An acknowledgement that the meter took is authentic: what it acknowledges is settled and need not be carried. */
const acknowledged = (state: TapState, frame: Uint8Array, sw: number): TapState => {
  if (sw !== SW.OK && sw !== SW.BAD_MAC) return state;
  const delivered = [...state.delivered, frame];
  const decoded = decodeAcknowledgement(frame);
  if (sw !== SW.OK || !decoded.ok) return { ...state, delivered };
  const { receiptNo } = decoded.fields;
  return { ...state, delivered, receipts: state.receipts.filter((receipt) => numberOf(receipt) > receiptNo) };
};

const numberOf = (receipt: Uint8Array): number => {
  const decoded = decodeReceipt(receipt);
  return decoded.ok ? decoded.fields.receiptNo : 0;
};

const over = (state: TapState, end: TapEnd): TapStep => ({ state: { ...state, errands: [], end } });

const saying = (state: TapState): TapStep => {
  const [errand] = state.errands;
  return errand === undefined ? over(state, 'done') : { state, command: encodeCommand(commandFor(errand)) };
};

const commandFor = (errand: TapErrand) => {
  switch (errand.type) {
    case 'select':
      return meterCommand('SELECT');
    case 'status':
      return meterCommand('GET_STATUS');
    case 'set-time':
      return meterCommand('SET_TIME', errand.frame);
    case 'put':
      return meterCommand('PUT_VOUCHER', errand.voucher);
    case 'commit':
      return meterCommand('COMMIT');
    case 'receipt':
      return meterCommand('GET_RECEIPT', numberBytes(errand.receiptNo));
    case 'acknowledge':
      return meterCommand('ACK', errand.frame);
    default:
      return errand satisfies never;
  }
};

const numberBytes = (receiptNo: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, receiptNo);
  return bytes;
};
