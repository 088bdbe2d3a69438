import {
  answerTap,
  beginTap,
  planTap,
  type TapEnd,
  type TapState,
  type TapStep,
  tellsLedger,
} from '@tapwatt/firmware-contracts';
import { startDeadline, unlessAborted } from '../../edges/deadline.ts';
import type { Clock } from '../../edges/edges.ts';
import type { Heard, MeterVoice } from '../../meter-voice.ts';
import type { Redemptions } from '../../redemption/redemptions.ts';
import type { LinkName } from '../../redemption/types.ts';
import { createCarriedReceipts } from './carried-receipts.ts';
import type { Mailbox, Mailboxes } from './mailboxes.ts';

/**
 * Sends one command APDU to the meter at hand and resolves with its response APDU. Rejecting, or an answer without a
 * status word, tears the tap. The answer is not waited for beyond `signal`.
 */
export type Transmit = (
  command: Uint8Array,
  options: { readonly signal: AbortSignal },
) => Promise<Uint8Array>;

export interface TapLimits {
  /** The whole tap, ms. */
  readonly tapMs: number;
  /** One command and its answer, ms. */
  readonly commandMs: number;
  /** How long the card waits for what the ledger and the issuer have for it; beyond, it gets what is at hand, ms. */
  readonly planMs: number;
  /** How long the card is held after the last command for the acknowledgement of what it brought, ms. */
  readonly lingerMs: number;
}

export interface TapPorts {
  readonly link: LinkName;
  readonly mailboxes: Mailboxes;
  readonly voice: MeterVoice;
  readonly redemptions: Pick<Redemptions, 'met' | 'reachable'>;
  /** Sends to this meter, by all links, what the ledger has for it: acknowledgements and open vouchers. */
  readonly prepare: (meterId: string) => Promise<void>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown, doing: string) => void;
}

export interface TapOptions extends TapLimits {
  readonly signal?: AbortSignal;
  /** The meter is still reachable by this link after the tap, as on a line that is polled. */
  readonly stays?: boolean;
  /** Which meter should be there, where that is known before it says so itself; for the trace only. */
  readonly expectedMeterId?: string;
}

/** What one tap came to. `stranger`: its status was not sealed with the key of the meter that it claims to be. */
export interface TapReport {
  readonly end: TapEnd | 'stranger';
  readonly meterId?: string;
  /** Each voucher that was committed, with the meter's result. */
  readonly shown: readonly { readonly voucherId: string; readonly result: number }[];
  /** Receipts that were heard of the meter, repeated ones included. */
  readonly receipts: number;
  readonly commands: number;
  /** What tore it, where that is known. */
  readonly cause?: unknown;
}

/** Meters at hand of a reader, one tap at a time each: the same redemptions as over MQTT, command by command. */
export interface Taps {
  /** Taps whatever answers `transmit`. Never rejects; bounded by `tapMs`, and twice `planMs` at most beyond. */
  tap(transmit: Transmit, options: TapOptions): Promise<TapReport>;
  /** Receipts that wait for the issuer. */
  readonly held: number;
}

/** Further plans within one tap: the window of WIRE.md, eight vouchers each, and the acknowledgements that follow. */
const MAX_PLANS = 12;

export function createTaps(ports: TapPorts): Taps {
  const carried = createCarriedReceipts(ports);
  return {
    tap: (transmit, options) => tapOnce({ ...ports, carry: carried.take }, transmit, options),
    get held() {
      return carried.held;
    },
  };
}

interface Carrying extends TapPorts {
  readonly carry: (meterId: string, receipt: Uint8Array) => Promise<void>;
}

async function tapOnce(ports: Carrying, transmit: Transmit, options: TapOptions): Promise<TapReport> {
  const { clock } = ports;
  const stopped =
    options.signal === undefined ? ports.signal : AbortSignal.any([ports.signal, options.signal]);
  const whole = startDeadline(clock, options.tapMs, stopped);
  const reader = createReader(ports, { transmit, commandMs: options.commandMs, signal: whole.signal });
  try {
    const met = await reader.exchange(beginTap());
    if (met.meter === undefined || met.end !== undefined) return reader.report(met);
    return await atHand(ports, { ...options, signal: whole.signal, reader, met });
  } finally {
    whole.end();
  }
}

interface AtHand extends TapLimits {
  readonly signal: AbortSignal;
  readonly stays?: boolean;
  readonly reader: Reader;
  readonly met: TapState;
}

/** The meter has said who it is: it is reachable until the tap ends, whichever way. */
async function atHand(ports: Carrying, tap: AtHand): Promise<TapReport> {
  const { link, mailboxes, redemptions } = ports;
  const { reader, met } = tap;
  const meterId = meterIdOf(met);
  const mailbox = mailboxes.open(meterId);
  try {
    if (!(await introduce(ports, tap, meterId))) return { ...reader.report(met), end: 'stranger' };
    return reader.report(await showAll(tap, mailbox, ports.clock));
  } finally {
    await inTime(ports, tap.planMs, reader.heard());
    const isLast = mailbox.close();
    if (isLast && tap.stays !== true) redemptions.reachable(meterId, false, link);
  }
}

/** Gathers what there is for the meter in its mailbox; `false` where the status is not its own. */
async function introduce(ports: Carrying, tap: AtHand, meterId: string): Promise<boolean> {
  const frame = tap.met.meter?.statusFrame ?? new Uint8Array(0);
  const heard = await inTime<Heard>(ports, tap.planMs, ports.voice.status(meterId, frame, ports.link));
  if (heard === 'ignored') return false;
  ports.redemptions.met(meterId, ports.link);
  await inTime(ports, tap.planMs, ports.prepare(meterId));
  return true;
}

/** Shows what is in the mailbox, and what comes while the meter is there. */
async function showAll({ reader, met, ...tap }: AtHand, mailbox: Mailbox, clock: Clock): Promise<TapState> {
  let state = await reader.exchange(planTap(met, mailbox.take()));
  for (let plan = 1; plan < MAX_PLANS && state.end === 'done'; plan += 1) {
    if (mailbox.isEmpty && state.receipts.some(tellsLedger)) await post(mailbox, clock, tap);
    if (mailbox.isEmpty) break;
    state = await reader.exchange(planTap(state, mailbox.take()));
  }
  return state;
}

/** Resolves when something is posted, or is not for `lingerMs`. */
function post(mailbox: Mailbox, clock: Clock, tap: { lingerMs: number; signal: AbortSignal }): Promise<void> {
  const { signal, end } = startDeadline(clock, tap.lingerMs, tap.signal);
  const posted = new Promise<void>((resolve) => mailbox.onPost(resolve));
  return unlessAborted(signal, posted)
    .catch(() => undefined)
    .finally(end);
}

/** What the work comes to; `undefined` where it fails or takes too long: the card does not wait for it. */
async function inTime<T>(ports: Carrying, limitMs: number, work: Promise<T>): Promise<T | undefined> {
  const { signal, end } = startDeadline(ports.clock, limitMs, ports.signal);
  try {
    return await unlessAborted(signal, work);
  } catch (error) {
    ports.onError(error, 'gather in time what there is for a meter at hand');
    return undefined;
  } finally {
    end();
  }
}

interface Reader {
  /** Says a step's command and those that follow, until the tap waits for a plan or ends; receipts go on at once. */
  exchange(first: TapStep): Promise<TapState>;
  /** Resolves when every receipt so far was heard. */
  heard(): Promise<unknown>;
  report(state: TapState): TapReport;
}

function createReader(
  ports: Carrying,
  line: { readonly transmit: Transmit; readonly commandMs: number; readonly signal: AbortSignal },
): Reader {
  const hearing: Promise<void>[] = [];
  const torn: { cause?: unknown } = {};
  let commands = 0;

  async function answerTo(command: Uint8Array): Promise<Uint8Array | undefined> {
    const { signal, end } = startDeadline(ports.clock, line.commandMs, line.signal);
    commands += 1;
    try {
      signal.throwIfAborted();
      return await unlessAborted(signal, line.transmit(command, { signal }));
    } catch (error) {
      torn.cause = error;
      return undefined;
    } finally {
      end();
    }
  }

  return {
    async exchange(first) {
      let { state, command } = first;
      while (command !== undefined) {
        const next = answerTap(state, await answerTo(command));
        const fresh = next.state.receipts.slice(state.receipts.length);
        hearing.push(...fresh.map((receipt) => ports.carry(meterIdOf(next.state), receipt)));
        ({ state, command } = next);
      }
      return state;
    },
    heard: () => Promise.allSettled(hearing),
    report: (state) => ({
      end: state.end ?? 'torn',
      ...(state.meter === undefined ? {} : { meterId: meterIdOf(state) }),
      shown: state.shown.map(({ fields }) => ({ voucherId: fields.voucherId, result: fields.result })),
      receipts: hearing.length,
      commands,
      ...torn,
    }),
  };
}

const meterIdOf = ({ meter }: TapState): string => String(meter?.status.meterId ?? 0n);
