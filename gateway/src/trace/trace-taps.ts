import { decodeSelected } from '@tapwatt/firmware-contracts';
import type { Taps, Transmit } from '../links/tap/taps.ts';
import type { LinkName } from '../redemption/types.ts';
import type { FrameTrace } from './frame-trace.ts';
import { nameOfCommand, toldInAnswer, toldInCommand } from './traced-frame.ts';

const SW_LENGTH = 2;

/** The same taps, their commands and answers told to those who watch the meter. */
export const traceTaps = (taps: Taps, link: LinkName, trace: FrameTrace): Taps => ({
  tap: (transmit, options) => taps.tap(traced(transmit, link, trace), options),
  get held() {
    return taps.held;
  },
});

/** Which meter it is, it says itself in its answer to SELECT. */
function traced(transmit: Transmit, link: LinkName, trace: FrameTrace): Transmit {
  let meterId = '';
  return async (command, options) => {
    if (trace.watches(meterId))
      trace.note({ meterId, link, direction: 'to-meter', ...toldInCommand(command) });
    const answer = await transmit(command, options);
    if (nameOfCommand(command) === 'SELECT')
      meterId = String(decodeSelected(answer.subarray(0, -SW_LENGTH))?.meterId ?? '');
    if (trace.watches(meterId))
      trace.note({ meterId, link, direction: 'from-meter', ...toldInAnswer(command, answer) });
    return answer;
  };
}
