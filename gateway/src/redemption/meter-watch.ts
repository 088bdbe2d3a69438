import type { Alarm, MeterDetail } from '@tapwatt/chaincode';
import {
  meterId as asMeterId,
  bytesToHex,
  encodeQuestion,
  RESULT,
  type ReceiptFields,
  type StatusFields,
  type VoucherId,
} from '@tapwatt/firmware-contracts';
import type { Clock, Random } from '../edges/edges.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { submitSurely } from '../ledger/submit-surely.ts';
import { createRecentMap } from '../recent-map.ts';

const MAX_ATTEMPTS = 3;
/** Meters whose newest figures are remembered; of a forgotten one only the ledger's own are compared. */
const MAX_REMEMBERED = 50_000;
/** Meters that are asked at once; what comes beyond is asked when there is cause again. */
const MAX_QUESTIONS = 10_000;
const ASK_AGAIN_MS = 10_000;
const MAX_ASKED = 6;

/** The figures of a meter that never fall while it keeps its memory (WIRE.md, "What a meter keeps"). */
export interface Registers {
  readonly receiptNo: number;
  readonly cumulativeCredited: bigint;
}

/** A status whose registers are lower than they were. */
interface Doubt {
  readonly status: Uint8Array;
  /** What was known before the question was asked: its answer may not be below. */
  readonly known: Registers;
}

/** What a meter was asked, and why: to tell whether a doubtful status is only an old one, or only to hear from it. */
interface Question {
  readonly nonce: VoucherId;
  readonly doubt?: Doubt;
}

const isBelow = (a: Registers, b: Registers): boolean =>
  a.receiptNo < b.receiptNo || a.cumulativeCredited < b.cumulativeCredited;

const highest = (a: Registers, b: Registers | undefined): Registers =>
  b === undefined || a.receiptNo >= b.receiptNo ? a : b;

/** What a restore holds back is not held for a reason of its own. */
const isHeld = ({ quarantine }: MeterDetail): boolean =>
  quarantine !== undefined && quarantine !== 'restored';

/** Whether an authentic status, old or not, tells what must not be: a locked meter, an epoch or a seq never given out. */
function concernsLedger(status: StatusFields, meter: MeterDetail): boolean {
  if (status.keyEpoch === 0) return !isHeld(meter);
  if (status.keyEpoch > meter.keyEpoch)
    return status.hi > 0 || status.keyEpoch !== (meter.order?.keyEpoch ?? 0) + 1;
  const isAhead = status.hi >= meter.nextSeq || status.floorSeq > meter.nextSeq;
  return !isHeld(meter) && status.keyEpoch === meter.keyEpoch && isAhead;
}

/** Follows the registers of meters, and takes a status that concerns the ledger to it. */
export interface MeterWatch {
  /** A receipt from the meter itself; an older one, from its ring, tells nothing. */
  receipt(meterId: string, fields: ReceiptFields, frame: Uint8Array): Promise<void>;
  status(frame: Uint8Array, status: StatusFields): Promise<void>;
  /** Asks a meter that may have nothing to say by itself how it stands, once; its answer goes to `onAnswer`. */
  question(meterId: string, keyEpoch: number): void;
}

export interface MeterWatchPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Shows a meter a voucher's 72 bytes. */
  readonly ask: (meterId: string, question: Uint8Array) => Promise<unknown>;
  /** The ledger took a status, and what a person should look at because of it. */
  readonly onRecorded?: (meterId: string, alarms: readonly Alarm[] | undefined) => void;
  /** The receipt that a meter answered to `question`: authentic, and newer than it. */
  readonly onAnswer?: (receipt: Uint8Array) => void;
  /** After the ledger has taken the status, or needed not to. */
  readonly onStatus?: (meterId: string, frame: Uint8Array) => void;
}

/**
 * A board that was swapped or a memory that was restored shows as registers that fell. A status is authentic for ever,
 * and may be late or repeated by a liar: so a lower one is only a doubt, and the meter is asked. The answer to a
 * question is newer than the question; what is below what was known then has truly fallen.
 */
export function createMeterWatch(ports: MeterWatchPorts): MeterWatch {
  const newest = createRecentMap<string, Registers>(MAX_REMEMBERED);
  const questions = createRecentMap<string, Question>(MAX_QUESTIONS);

  return {
    async receipt(meterId, { receiptNo, cumulativeCredited, voucherId, result }, frame) {
      const shown = { receiptNo, cumulativeCredited };
      newest.set(meterId, highest(shown, newest.get(meterId)));
      const asked = questions.get(meterId);
      if (asked === undefined || result !== RESULT.BAD_MAC || voucherId !== asked.nonce) return;
      questions.delete(meterId);
      newest.set(meterId, shown);
      const { doubt } = asked;
      if (doubt === undefined) ports.onAnswer?.(frame);
      else if (isBelow(shown, doubt.known)) await record(meterId, doubt.status);
    },
    async status(frame, status) {
      const meterId = String(status.meterId);
      const meter = await ports.ledger.evaluate('GetMeter', { meterId });
      if (meter === null) return;
      if (concernsLedger(status, meter)) await record(meterId, frame);
      else if (!isHeld(meter) && status.keyEpoch === meter.keyEpoch) compare(meter, frame, status);
      ports.onStatus?.(meterId, frame);
    },
    question: (meterId, keyEpoch) => put(meterId, keyEpoch),
  };

  function compare({ meterId, seen }: MeterDetail, frame: Uint8Array, status: StatusFields): void {
    const { receiptNo, cumulativeCredited } = status;
    const shown = { receiptNo, cumulativeCredited };
    const recorded =
      seen === undefined ? shown : { ...seen, cumulativeCredited: BigInt(seen.cumulativeCredited) };
    const known = highest(recorded, newest.get(meterId));
    if (isBelow(shown, known)) put(meterId, status.keyEpoch, { status: frame.slice(), known });
    else newest.set(meterId, shown);
  }

  function put(meterId: string, keyEpoch: number, doubt?: Doubt): void {
    // A liar who repeats old statuses must not take the place of a question that is under way.
    if (questions.get(meterId) !== undefined) return;
    const nonce = bytesToHex(ports.random.bytes(16)) as VoucherId;
    questions.set(meterId, { nonce, ...(doubt && { doubt }) });
    const question = encodeQuestion({ meterId: asMeterId(meterId), keyEpoch, nonce });
    ask(meterId, { question, nonce, left: doubt === undefined ? 1 : MAX_ASKED });
  }

  /** A question may be lost; a meter that never answers is asked again when there is cause again. */
  function ask(
    meterId: string,
    { question, nonce, left }: { question: Uint8Array; nonce: VoucherId; left: number },
  ): void {
    if (ports.signal.aborted || questions.get(meterId)?.nonce !== nonce) return;
    if (left === 0) {
      questions.delete(meterId);
      return;
    }
    ports.ask(meterId, question).catch(() => undefined);
    ports.clock.after(ASK_AGAIN_MS, () => ask(meterId, { question, nonce, left: left - 1 }));
  }

  async function record(meterId: string, frame: Uint8Array): Promise<void> {
    const transaction = { name: 'RecordMeter', request: { status: bytesToHex(frame) } } as const;
    const { result } = await submitSurely(ports.ledger, transaction, { ...ports, maxAttempts: MAX_ATTEMPTS });
    ports.onRecorded?.(meterId, result.alarms);
  }
}
