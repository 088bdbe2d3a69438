import {
  decodeLine,
  encodeLineFrame,
  isAnswerTo,
  LINE_ANSWER_WITHIN_MS,
  LINE_START,
  type LineState,
  lineGapMs,
  lineTimeMs,
  longestAnswer,
} from '@tapwatt/firmware-contracts';
import type { Clock } from '../../edges/edges.ts';
import { pause } from '../../edges/edges.ts';
import type { SerialPort } from './serial-port.ts';

/** How long a port or its driver may hold bytes back on their way: a USB adapter's latency timer and the machine's own, ms. */
const PORT_HOLDS_MS = 100;

export interface HalfDuplexFigures extends Readonly<Record<string, number>> {
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly asked: number;
  readonly unanswered: number;
  /** Packets that were no frame. */
  readonly damaged: number;
}

/** A line on which one command at a time is asked and answered (SPEC.md "Serial lines"). */
export interface HalfDuplex {
  /**
   * Says one command to the meter at this address and resolves with its answer APDU, `undefined` where none came in its
   * time. Rejects where the port is gone, or when `signal` aborts. Not to be called while another is under way.
   */
  ask(address: number, command: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Bytes from the port. */
  hear(bytes: Uint8Array): void;
  readonly figures: HalfDuplexFigures;
}

interface Asked {
  readonly address: number;
  readonly command: Uint8Array;
  readonly answered: (answer: Uint8Array) => void;
}

export function createHalfDuplex(port: SerialPort, baudRate: number, clock: Clock): HalfDuplex {
  const gapMs = lineGapMs(baudRate);
  const figures = { bytesOut: 0, bytesIn: 0, asked: 0, unanswered: 0, damaged: 0 };
  let state: LineState = LINE_START;
  let waiting: Asked | undefined;
  /** Nobody but a meter that was asked speaks before this time. */
  let quietAtMs = Number.NEGATIVE_INFINITY;

  async function untilQuiet(signal: AbortSignal): Promise<void> {
    for (let leftMs = 1; leftMs > 0; ) {
      signal.throwIfAborted();
      leftMs = quietAtMs - clock.monotonicMs();
      if (leftMs > 0) await pause(clock, leftMs, signal);
    }
  }

  function answerTo(asked: Omit<Asked, 'answered'>, withinMs: number, signal: AbortSignal) {
    return new Promise<Uint8Array | undefined>((resolve) => {
      const end = (answer: Uint8Array | undefined): void => {
        waiting = undefined;
        cancel();
        signal.removeEventListener('abort', giveUp);
        resolve(answer);
      };
      const giveUp = (): void => end(undefined);
      const cancel = clock.after(withinMs, giveUp);
      signal.addEventListener('abort', giveUp, { once: true });
      waiting = { ...asked, answered: end };
    });
  }

  return {
    async ask(address, command, signal) {
      await untilQuiet(signal);
      const frame = encodeLineFrame({ address, apdu: command });
      const onLineMs = lineTimeMs(frame.length + longestAnswer(command), baudRate);
      const withinMs = onLineMs + LINE_ANSWER_WITHIN_MS + PORT_HOLDS_MS;
      state = LINE_START;
      // Also where it is given up before: the meter may be about to answer.
      quietAtMs = clock.monotonicMs() + withinMs;
      const answer = answerTo({ address, command }, withinMs, signal);
      figures.asked += 1;
      figures.bytesOut += frame.length;
      await port.write(frame);
      const heard = await answer;
      signal.throwIfAborted();
      if (heard === undefined) figures.unanswered += 1;
      else quietAtMs = clock.monotonicMs() + gapMs;
      return heard;
    },
    hear(bytes) {
      quietAtMs = Math.max(quietAtMs, clock.monotonicMs() + gapMs);
      figures.bytesIn += bytes.length;
      const heard = decodeLine(state, bytes);
      state = heard.state;
      figures.damaged += heard.damaged;
      for (const { address, apdu } of heard.frames) {
        if (waiting?.address === address && isAnswerTo(waiting.command, apdu)) waiting.answered(apdu);
      }
    },
    figures,
  };
}
