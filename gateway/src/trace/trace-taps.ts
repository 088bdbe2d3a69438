import { decodeResponse, decodeSelected, nameOfCommand } from '@tapwatt/firmware-contracts';
import type { Taps, Transmit } from '../links/tap/taps.ts';
import type { LinkName } from '../redemption/types.ts';
import type { FrameTrace } from './frame-trace.ts';
import { toldInAnswer, toldInCommand } from './traced-frame.ts';

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
      meterId = String(decodeSelected(decodeResponse(answer)?.data ?? new Uint8Array(0))?.meterId ?? '');
    if (trace.watches(meterId))
      trace.note({ meterId, link, direction: 'from-meter', ...toldInAnswer(command, answer) });
    return answer;
  };
}
