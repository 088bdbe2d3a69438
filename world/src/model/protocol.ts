import {
  type MeterClock,
  type MeterState,
  presentVoucher,
  takeAcknowledgement,
} from '@tapwatt/firmware-contracts';
import { type Asked, type Books, runOn } from './books.ts';
import { ISSUED_AT } from './clocks.ts';
import { issuerOver } from './proposals.ts';

/** One way in which the showing of a voucher can end. */
export interface Ending {
  readonly state: MeterState;
  /** Absent when the power went before the meter could answer. */
  readonly receipt?: Uint8Array;
  readonly how: string;
}

/** All that decides, as the model calls it: production's own functions, or a version with a planted bug. */
export interface Protocol {
  present(meter: MeterState, frame: Uint8Array, clock: MeterClock): readonly Ending[];
  acknowledge(meter: MeterState, frame: Uint8Array): MeterState;
  /** What is left of a meter's state when its power goes between two frames. */
  powerCut(meter: MeterState): MeterState;
  /** What a meter is when its memory was lost. */
  loseMemory(meter: MeterState): MeterState;
  /** The books after a transaction; undefined where it is refused. */
  transact(books: Books, asked: Asked): Promise<Books | undefined>;
  /** A request that is in the books gets its old answer, as the rules' own tests show: it need not be tried at each step. */
  readonly answersAgain: boolean;
  /** Whether a meter's state can depend on the number in an acknowledgement; production's decisions do not. */
  readonly readsAcknowledgedNumber: boolean;
  /** What a restored ledger starts with. */
  restore(backup: Books): Promise<Books>;
  /** Every frame that the issuer would seal over these books. */
  seal(books: Books): Promise<readonly Uint8Array[]>;
}

interface Listed {
  readonly meterId: string;
  readonly voucherId: string;
  readonly status: string;
  readonly order?: object;
}

export const PRODUCTION: Protocol = {
  /** One atomic record: a power cut in a commit leaves the old state or the new one, without an answer. */
  present(meter, frame, clock) {
    const { state, receipt, committed } = presentVoucher(meter, frame, clock);
    const answered = { state, receipt, how: 'answers' };
    return committed
      ? [answered, { state, how: 'commits, and its power goes before it answers' }]
      : [answered];
  },
  acknowledge: (meter, frame) => takeAcknowledgement(meter, frame).state,
  powerCut: (meter) => meter,
  loseMemory: (meter) => ({ ...meter, record: undefined }),
  transact: runOn,
  answersAgain: true,
  readsAcknowledgedNumber: false,
  restore: restored,
  seal: sealedFrames,
};

/** A seal depends on the one record alone, so each is made once. */
const sealedBefore = new Map<string, Promise<readonly Uint8Array[]>>();

/** Vouchers, void orders and orders of these books, as the issuer of production seals them. */
async function sealedFrames(books: Books): Promise<readonly Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for (const [key, value] of books) {
    if (!key.startsWith('VCH~') && !key.startsWith('MTR~')) continue;
    const sealed = sealedBefore.get(value) ?? sealedFor(books, key, value);
    sealedBefore.set(value, sealed);
    frames.push(...(await sealed));
  }
  return frames;
}

async function sealedFor(books: Books, key: string, value: string): Promise<readonly Uint8Array[]> {
  const issuer = issuerOver(books);
  const record = JSON.parse(value) as Listed;
  if (key.startsWith('MTR~'))
    return record.order === undefined ? [] : [await issuer.sealOrder(record.meterId)];
  const frames: Uint8Array[] = [];
  const { voucherId, status } = record;
  if (status !== 'VOIDED' && status !== 'RELEASED') frames.push(await issuer.sealVoucher(voucherId));
  if (status !== 'ISSUED' && status !== 'REDEEMED') frames.push(await issuer.sealVoid(voucherId));
  return frames;
}

/** The first transaction after a restore puts every meter into quarantine (DESIGN.md "The ledger"). */
async function restored(backup: Books): Promise<Books> {
  const request = { number: 1, hash: '0'.repeat(64), at: ISSUED_AT };
  const after = await runOn(backup, { name: 'RecordRestore', request, by: 'gateway', txId: 'restore' });
  if (after === undefined) throw new Error('the restore was refused');
  return after;
}
