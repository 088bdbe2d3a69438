import { decodeResponse, decodeSelected, nameOfCommand } from '@tapwatt/firmware-contracts';
import { unlessAborted } from '../edges/deadline.ts';
import type { Taps, Transmit } from '../links/tap/taps.ts';
import type { LinkName } from '../redemption/types.ts';
import { failedWith } from './failed-with.ts';
import type { FrameTrace } from './frame-trace.ts';
import { type ToldOnLink, toldInAnswer, toldInCommand, toldNoAnswer } from './traced-frame.ts';

/** The same taps, their commands and answers told to those who watch the meter. */
export const traceTaps = (taps: Taps, link: LinkName, trace: FrameTrace): Taps => ({
  tap: (transmit, options) => taps.tap(traced({ transmit, link, trace }, options.expectedMeterId), options),
  get held() {
    return taps.held;
  },
});

interface Traced {
  readonly transmit: Transmit;
  readonly link: LinkName;
  readonly trace: FrameTrace;
}

/** Which meter it is, it says itself in its answer to SELECT; until then it is the one that is expected. */
function traced({ transmit, link, trace }: Traced, expectedMeterId = ''): Transmit {
  let meterId = expectedMeterId;
  return async (command, options) => {
    const asked = meterId;
    const note = (direction: 'to-meter' | 'from-meter', told: () => ToldOnLink): void => {
      if (!trace.isWatched) return;
      // The watcher of a meter that is expected sees who answers in its place.
      for (const id of new Set([asked, meterId])) {
        if (trace.watches(id)) trace.note({ meterId: id, link, direction, ...told() });
      }
    };
    note('to-meter', () => toldInCommand(command));
    try {
      const answer = await unlessAborted(options.signal, transmit(command, options));
      meterId = selectedBy(command, answer) ?? meterId;
      note('from-meter', () => toldInAnswer(command, answer));
      return answer;
    } catch (error) {
      note('from-meter', () => toldNoAnswer(command, failedWith('no answer', error)));
      throw error;
    }
  };
}

function selectedBy(command: Uint8Array, answer: Uint8Array): string | undefined {
  if (nameOfCommand(command) !== 'SELECT') return undefined;
  const selected = decodeSelected(decodeResponse(answer)?.data ?? new Uint8Array(0));
  return selected === undefined ? undefined : String(selected.meterId);
}
