import { bytesToHex, hexToBytes, sha256 } from '../src/bytes.ts';
import { type FrameJson, type FrameType, sealFrame } from '../src/frames/frame-json.ts';
import { decodeVoucher } from '../src/frames/voucher.ts';
import { meterId, voucherIdOf } from '../src/ids.ts';
import { meterRootKey } from '../src/keys.ts';
import { presentVoucher } from '../src/meter/present-voucher.ts';
import { type MeterClock, type MeterState, provisionMeter } from '../src/meter/state.ts';
import { statusOf } from '../src/meter/status-of.ts';
import { takeAcknowledgement } from '../src/meter/take-acknowledgement.ts';
import { takeTimeOrder } from '../src/meter/take-time-order.ts';
import { endsEpoch, VOUCHER_KIND } from '../src/results.ts';

export type SessionStep =
  | { readonly present: string; readonly at: number; readonly clockTrust: number; readonly receipt: string }
  | { readonly cut: string; readonly at: number; readonly clockTrust: number }
  | { readonly ack: string }
  | { readonly setTime: string }
  | { readonly status: string };

export interface SessionVector {
  readonly name: string;
  readonly master: string;
  readonly meterId: string;
  /** 0 = the meter has no whole record. */
  readonly keyEpoch: number;
  readonly limit: string;
  readonly charged: string;
  readonly steps: readonly SessionStep[];
}

interface Start {
  readonly name: string;
  readonly master: string;
  readonly meterId: string;
  readonly at: number;
  readonly keyEpoch?: number;
  readonly limit?: string;
  readonly charged?: string;
}

type Voucher = Partial<{
  readonly meterId: string;
  readonly keyEpoch: number;
  readonly amount: string;
  readonly expiresAt: number;
  readonly floorSeq: number;
  /** Stands for the content of the request that asked for it. */
  readonly label: string;
  readonly voucherId: string;
}>;

/** Plays one meter and writes down what is shown to it and what it answers. */
export class Session {
  readonly #start: Required<Start>;
  readonly #steps: SessionStep[] = [];
  #state: MeterState;

  constructor(start: Start) {
    this.#start = { keyEpoch: 1, limit: '100000000', charged: '0', ...start };
    const { keyEpoch, limit, charged, master } = this.#start;
    const id = meterId(start.meterId);
    const root = meterRootKey(hexToBytes(master), id);
    const whole = provisionMeter({
      meterId: id,
      root,
      keyEpoch,
      balanceLimit: BigInt(limit),
      charged: BigInt(charged),
    });
    this.#state = keyEpoch === 0 ? { ...whole, record: undefined } : whole;
  }

  vector(): SessionVector {
    const { name, master, meterId: id, keyEpoch, limit, charged } = this.#start;
    return { name, master, meterId: id, keyEpoch, limit, charged, steps: this.#steps };
  }

  credit(seq: number, amount: string, voucher: Voucher = {}): string {
    return this.order(VOUCHER_KIND.CREDIT, seq, { amount, ...voucher });
  }

  /** A voucher of any kind; its epoch is the one that the session starts with, unless it says another. */
  order(kind: number, seq: number, voucher: Voucher = {}): string {
    const { keyEpoch = this.#start.keyEpoch, meterId: id = this.#start.meterId, label = 'request' } = voucher;
    const payloadHash = sha256(new TextEncoder().encode(`${label} ${kind} ${seq}`));
    return this.#seal('voucher', {
      kind,
      meterId: id,
      keyEpoch,
      seq,
      amount: voucher.amount ?? '0',
      issuedAt: this.#start.at - 1_000,
      expiresAt: voucher.expiresAt ?? 0,
      voucherId: voucher.voucherId ?? voucherIdOf({ meterId: meterId(id), keyEpoch, seq, payloadHash }),
      floorSeq: endsEpoch(kind) ? 0 : (voucher.floorSeq ?? 1),
    });
  }

  /** The void order of a voucher. */
  voidOf(frame: string): string {
    const { seq, keyEpoch, voucherId, floorSeq } = this.#read(frame);
    return this.order(VOUCHER_KIND.VOID, seq, { keyEpoch, voucherId, floorSeq });
  }

  /** An order of another kind with the id of this one. */
  sameIdAs(frame: string, kind: number): string {
    const { seq, keyEpoch, voucherId } = this.#read(frame);
    return this.order(kind, seq, { keyEpoch, voucherId });
  }

  /** The frame with other bytes at an offset, its MAC left as it was. */
  patched(frame: string, offset: number, hex: string): string {
    return frame.slice(0, 2 * offset) + hex + frame.slice(2 * offset + hex.length);
  }

  present(frame: string, when: { readonly at?: number; readonly clockTrust?: 0 | 1 | 2 } = {}): this {
    const { at = this.#start.at, clockTrust = 2 } = when;
    const { state, receipt } = presentVoucher(this.#state, hexToBytes(frame), clockOf(at, clockTrust));
    this.#state = state;
    this.#steps.push({ present: frame, at, clockTrust, receipt: bytesToHex(receipt) });
    return this;
  }

  /** The power goes in the middle of the commit; `survivor` is the record that the following answers are of. */
  cut(frame: string, survivor: 'old' | 'new'): this {
    const { at } = this.#start;
    const { state } = presentVoucher(this.#state, hexToBytes(frame), clockOf(at, 2));
    if (survivor === 'new') this.#state = state;
    this.#steps.push({ cut: frame, at, clockTrust: 2 });
    return this;
  }

  ack(
    receiptNo: number,
    floorSeq: number,
    other: { readonly meterId?: string; readonly keyEpoch?: number; readonly broken?: boolean } = {},
  ): this {
    const { meterId: id = this.#start.meterId, keyEpoch = this.#start.keyEpoch, broken = false } = other;
    const whole = this.#seal('ack', { keyEpoch, meterId: id, receiptNo, floorSeq });
    const frame = broken ? this.patched(whole, 27, whole.endsWith('00') ? '01' : '00') : whole;
    this.#state = takeAcknowledgement(this.#state, hexToBytes(frame)).state;
    this.#steps.push({ ack: frame });
    return this;
  }

  setTime(timeNo: number, time: number, other: { readonly keyEpoch?: number } = {}): this {
    const { keyEpoch = this.#start.keyEpoch } = other;
    const frame = this.#seal('time', { keyEpoch, meterId: this.#start.meterId, timeNo, time });
    this.#state = takeTimeOrder(this.#state, hexToBytes(frame)).state;
    this.#steps.push({ setTime: frame });
    return this;
  }

  status(): this {
    const frame = statusOf(this.#state, { stateBits: 1, meterTime: this.#start.at });
    this.#steps.push({ status: bytesToHex(frame) });
    return this;
  }

  #seal(type: FrameType, fields: FrameJson): string {
    return bytesToHex(sealFrame(type, fields, hexToBytes(this.#start.master)));
  }

  #read(frame: string) {
    const decoded = decodeVoucher(hexToBytes(frame));
    if (!decoded.ok) throw new Error('The session was given a voucher that nobody can read.');
    return decoded.fields;
  }
}

const clockOf = (now: number, trust: 0 | 1 | 2): MeterClock => ({ now, trust });
