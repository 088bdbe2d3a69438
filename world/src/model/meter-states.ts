import {
  decodeVoucher,
  type MeterState,
  RING_SIZE,
  statusOf,
  type VoucherFields,
} from '@tapwatt/firmware-contracts';
import type { Bound } from './bound.ts';
import { EARLY, LATE } from './clocks.ts';
import type { FrameBook } from './frame-book.ts';
import { Interner } from './interner.ts';
import type { Protocol } from './protocol.ts';
import type { VoucherNames } from './voucher-names.ts';

/** A meter, and what really happened to it, which only the model knows. */
export interface MeterUnit {
  readonly state: MeterState;
  /** How often each voucher's money was added to the register. */
  readonly credits: ReadonlyMap<string, number>;
  readonly lostMemory: boolean;
  /** What went wrong at the meter itself. */
  readonly problem?: string;
}

/** A meter state with what is asked of it at each step. */
export interface MeterFacts extends MeterUnit {
  readonly credited: number;
  readonly cumulative: number;
  readonly floorSeq: number;
  readonly keyEpoch: number;
  readonly status: Uint8Array;
}

export interface MeterEdge {
  readonly to: number;
  readonly how: string;
  /** The answer's frame, or -1. */
  readonly receipt: number;
}

/** Every state in which a meter was, and what each frame does to it: each decision of production is made once. */
export class MeterStates {
  readonly #protocol: Protocol;
  readonly #frames: FrameBook;
  readonly #names: VoucherNames;
  readonly #bound: Bound;
  readonly #states = new Interner<MeterFacts>();
  readonly #shown = new Map<number, readonly MeterEdge[]>();
  readonly #rings = new Map<number, readonly number[]>();
  readonly #acknowledged = new Map<number, number>();
  /** How many decisions of the meter were made. */
  decisions = 0;

  constructor(
    bound: Bound,
    { protocol, frames, names }: { protocol: Protocol; frames: FrameBook; names: VoucherNames },
  ) {
    this.#bound = bound;
    this.#protocol = protocol;
    this.#frames = frames;
    this.#names = names;
  }

  get size(): number {
    return this.#states.size;
  }

  at(number: number): MeterFacts {
    return this.#states.at(number);
  }

  enter(unit: MeterUnit): number {
    return this.#states.number(`${canonicalUnit(unit)}|${this.#ringText(unit.state)}`, () => {
      const { record } = unit.state;
      let credited = 0;
      for (const voucherId of unit.credits.keys()) credited |= this.#names.bit(voucherId);
      return {
        ...unit,
        credited,
        cumulative: Number(record?.cumulativeCredited ?? 0n),
        floorSeq: record?.window.floorSeq ?? 0,
        keyEpoch: record?.keyEpoch ?? 0,
        status: statusOf(unit.state, { stateBits: 1, meterTime: EARLY.now }),
      };
    });
  }

  /** All that can come of showing a voucher, under every clock that the bound knows. */
  show(from: number, frame: number): readonly MeterEdge[] {
    const key = from * 65_536 + frame;
    const known = this.#shown.get(key);
    if (known !== undefined) return known;
    const edges: MeterEdge[] = [];
    const { bytes } = this.#frames.at(frame);
    const unit = this.at(from);
    for (const clock of this.#bound.requests.some(({ expires }) => expires) ? [EARLY, LATE] : [EARLY]) {
      this.decisions += 1;
      for (const { state, receipt, how } of this.#protocol.present(unit.state, bytes, clock)) {
        const to = state === unit.state ? from : this.enter(after(unit, state, bytes));
        const answer = receipt === undefined ? -1 : this.#frames.receipt(receipt);
        const isNew = !edges.some((edge) => edge.to === to && edge.receipt === answer);
        if (isNew && (to !== from || answer >= 0)) edges.push({ to, how, receipt: answer });
      }
    }
    this.#shown.set(key, edges);
    return edges;
  }

  acknowledge(from: number, frame: number): number {
    const key = from * 65_536 + frame;
    const known = this.#acknowledged.get(key);
    if (known !== undefined) return known;
    const unit = this.at(from);
    const state = this.#protocol.acknowledge(unit.state, this.#frames.at(frame).bytes);
    const to = state === unit.state ? from : this.enter(afterAcknowledgement(unit, state));
    this.#acknowledged.set(key, to);
    return to;
  }

  /** The receipts that the meter keeps by itself. */
  ring(from: number): readonly number[] {
    const known = this.#rings.get(from);
    if (known !== undefined) return known;
    const ring = this.#ringOf(this.at(from).state);
    this.#rings.set(from, ring);
    return ring;
  }

  /** What of its ring can count: a ring that never overflows is a set, and nobody reads its order. */
  #ringText(state: MeterState): string {
    if (this.#bound.figures === 'none') return '';
    const ring = this.#ringOf(state);
    if (this.#bound.figures === 'all') return ring.join(' ');
    if (ring.length >= RING_SIZE) throw new Error('a ring is full: the bound is too wide');
    return [...ring].sort((a, b) => a - b).join(' ');
  }

  #ringOf({ record }: MeterState): readonly number[] {
    return (record?.ring ?? []).map((receipt) => this.#frames.receipt(receipt));
  }

  powerCut(from: number): number {
    const unit = this.at(from);
    const state = this.#protocol.powerCut(unit.state);
    return state === unit.state ? from : this.enter({ ...unitOf(unit), state });
  }

  loseMemory(from: number): number {
    const unit = this.at(from);
    return this.enter({ ...unitOf(unit), state: this.#protocol.loseMemory(unit.state), lostMemory: true });
  }
}

const unitOf = ({ state, credits, lostMemory, problem }: MeterUnit): MeterUnit => ({
  state,
  credits,
  lostMemory,
  ...(problem === undefined ? {} : { problem }),
});

function after(unit: MeterUnit, state: MeterState, bytes: Uint8Array): MeterUnit {
  const decoded = decodeVoucher(bytes);
  if (!decoded.ok) throw new Error('a meter took nonsense');
  const { fields } = decoded;
  const added = (state.record?.cumulativeCredited ?? 0n) - (unit.state.record?.cumulativeCredited ?? 0n);
  const problem = unit.problem ?? wrongCredit(unit, fields, added) ?? wrongFloor(unit, state);
  const count = unit.credits.get(fields.voucherId) ?? 0;
  return {
    state,
    credits: added === 0n ? unit.credits : new Map([...unit.credits, [fields.voucherId, count + 1]]),
    lostMemory: unit.lostMemory,
    ...(problem === undefined ? {} : { problem }),
  };
}

function wrongCredit(
  { state: { record }, credits }: MeterUnit,
  shown: VoucherFields,
  added: bigint,
): string | undefined {
  if (added === 0n || record === undefined) return undefined;
  if (added !== shown.amount) return `I3: the register rose by ${added} for a voucher of ${shown.amount}`;
  if (credits.has(shown.voucherId)) return 'I3: a voucher was credited twice';
  if (shown.keyEpoch !== record.keyEpoch) return 'ended epoch: a voucher of another epoch was credited';
  if (shown.seq < record.window.floorSeq) return 'floor: a voucher below the floor was credited';
  return undefined;
}

function wrongFloor({ state: { record } }: MeterUnit, { record: now }: MeterState): string | undefined {
  if (record === undefined || now === undefined || now.keyEpoch !== record.keyEpoch) return undefined;
  return now.window.floorSeq < record.window.floorSeq ? 'floor: the meter’s floor was lowered' : undefined;
}

function afterAcknowledgement(unit: MeterUnit, state: MeterState): MeterUnit {
  const number = state.record?.ackedReceiptNo ?? 0;
  const above =
    number > (state.record?.receiptNo ?? 0) ? 'a number above the newest was acknowledged' : undefined;
  const problem = unit.problem ?? wrongFloor(unit, state) ?? above;
  return { ...unitOf(unit), state, ...(problem === undefined ? {} : { problem }) };
}

/** One text for all meters that decide alike: the acknowledged number only makes a meter say again what it said. */
function canonicalUnit({ state, credits, lostMemory, problem }: MeterUnit): string {
  const { record } = state;
  const counted = [...credits].map(([voucherId, count]) => `${voucherId}×${count}`).sort();
  const kept =
    record === undefined
      ? ['locked']
      : [
          record.keyEpoch,
          record.closed,
          record.receiptNo,
          record.cumulativeCredited,
          windowText(record.window),
        ];
  const ended = record?.ended;
  const before =
    ended === undefined
      ? ''
      : `${ended.keyEpoch} ${ended.kind} ${ended.voucherId} ${windowText(ended.window)}`;
  const extra = (state as { readonly volatile?: string }).volatile ?? '';
  return [state.meterId, ...kept, before, ...counted, lostMemory, problem ?? '', extra].join('|');
}

const windowText = (window: NonNullable<MeterState['record']>['window']): string =>
  [
    window.hi,
    window.used,
    window.voided,
    window.floorSeq,
    window.tags.map((tag) => tag ?? '').join(','),
  ].join(' ');
