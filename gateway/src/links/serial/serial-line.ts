import { messageOf } from '@tapwatt/firmware-contracts';
import { inTime } from '../../edges/deadline.ts';
import { type Clock, pause } from '../../edges/edges.ts';
import {
  againAtOnce,
  begun,
  nextStation,
  type PolledStation,
  polled,
  startOrder,
  wake,
} from './poll-order.ts';
import type { OpenPort, PortHandlers, PortSettings, SerialPort } from './serial-port.ts';

/** Between two attempts to open a port, doubled each time, ms: a device that was pulled out may come back in a second. */
const FIRST_REOPEN_MS = 250;
const LAST_REOPEN_MS = 10_000;
/** How long a port may take to be opened or closed, ms. */
const PORT_DEADLINE_MS = 5_000;

/** How a port is for an operator. */
export interface LineState {
  readonly device: string;
  readonly state: 'open' | 'away';
  /** Why it is away, in the machine's words. */
  readonly reason?: string;
}

/** An open port with what its protocol keeps of it. */
export interface OpenLine {
  readonly figures?: Readonly<Record<string, number>>;
  /** Bytes from the port. */
  hear(bytes: Uint8Array): void;
  /** Asks one station all that there is; whether it answered. Never rejects but where the port is gone or `signal` aborts. */
  visit(visit: {
    readonly address: number;
    readonly isSilent: boolean;
    readonly signal: AbortSignal;
  }): Promise<boolean>;
}

export interface SerialLinePorts {
  readonly settings: PortSettings;
  readonly addresses: readonly number[];
  readonly intervalMs: number;
  readonly openPort: OpenPort;
  /** What is spoken on the line, over this port. */
  readonly speak: (port: SerialPort) => OpenLine;
  readonly onState: (state: LineState) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** One serial port and the stations on its line, asked in turn for as long as the gateway runs. */
export interface SerialLine {
  start(): void;
  /** Something waits for this station; it is asked as soon as the line is free. */
  wake(address: number): void;
  readonly state: LineState;
  /** Of the port that is open, or was last. */
  readonly figures: Readonly<Record<string, number>>;
  /** Resolves when the port is closed after `signal` has aborted. */
  stopped(): Promise<void>;
}

export function createSerialLine(ports: SerialLinePorts): SerialLine {
  const { settings, clock, signal } = ports;
  const reason = (): Error => new Error('the port does not respond');
  const limit = { clock, afterMs: PORT_DEADLINE_MS, reason };
  let order: readonly PolledStation[] = startOrder(ports.addresses, clock.monotonicMs());
  let state: LineState = { device: settings.device, state: 'away', reason: 'not opened yet' };
  let running: Promise<void> | undefined;
  let stir = (): void => {};
  let failures = 0;
  let spoken: OpenLine | undefined;

  function tell(next: LineState): void {
    const isNews = next.state !== state.state || next.reason !== state.reason;
    state = next;
    if (isNews) ports.onState(next);
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await useOnce();
      failures += 1;
      await pause(clock, Math.min(LAST_REOPEN_MS, FIRST_REOPEN_MS * 2 ** Math.min(failures, 8)), signal);
    }
  }

  /** Opens the port and speaks until it is gone. */
  async function useOnce(): Promise<void> {
    const gone = new AbortController();
    const over = AbortSignal.any([signal, gone.signal]);
    let line: OpenLine | undefined;
    const away = (reason: string): void => tell({ device: settings.device, state: 'away', reason });
    const handlers: PortHandlers = {
      data: (bytes) => line?.hear(bytes),
      closed: (reason) => {
        if (!signal.aborted) away(reason);
        gone.abort();
      },
    };
    try {
      const late = (port: SerialPort): void => void port.close();
      const port = await inTime(ports.openPort(settings, handlers), { ...limit, late });
      line = ports.speak(port);
      spoken = line;
      tell({ device: settings.device, state: 'open' });
      await takeTurns(line, over).finally(() => inTime(port.close(), limit));
    } catch (error) {
      if (!over.aborted) away(messageOf(error));
    }
  }

  async function takeTurns(line: OpenLine, over: AbortSignal): Promise<void> {
    order = againAtOnce(order, clock.monotonicMs());
    while (!over.aborted) {
      const next = nextStation(order, clock.monotonicMs());
      const waitMs = (next?.dueMs ?? Number.POSITIVE_INFINITY) - clock.monotonicMs();
      if (next === undefined || waitMs > 0) await untilStirred(Math.min(waitMs, PORT_DEADLINE_MS), over);
      else await turn(line, next.address, over);
    }
  }

  async function turn(line: OpenLine, address: number, over: AbortSignal): Promise<void> {
    const isSilent = order.find((station) => station.address === address)?.silent !== undefined;
    order = begun(order, address);
    const answered = await line.visit({ address, isSilent, signal: over });
    if (answered) failures = 0;
    const times = { nowMs: clock.monotonicMs(), intervalMs: ports.intervalMs };
    order = polled(order, { address, answered }, times);
  }

  function untilStirred(atMostMs: number, over: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        over.removeEventListener('abort', done);
        resolve();
      };
      const cancel = clock.after(atMostMs, done);
      over.addEventListener('abort', done, { once: true });
      stir = done;
    });
  }

  return {
    start() {
      running ??= run();
    },
    wake(address) {
      order = wake(order, address, clock.monotonicMs());
      stir();
    },
    get state() {
      return state;
    },
    get figures() {
      return spoken?.figures ?? {};
    },
    stopped: async () => await running,
  };
}
