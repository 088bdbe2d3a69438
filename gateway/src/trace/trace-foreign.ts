import type { ForeignFrame } from '../links/serial/iec62056/read-out.ts';
import { readOutIn } from '../links/serial/iec62056/telegram.ts';
import type { FrameTrace } from './frame-trace.ts';
import { printable } from './printable.ts';

/** A longer read-out is told as far as this. */
const MAX_TEXT = 8_192;

/** Tells those who watch a foreign meter what is said to it and by it; it has no secrets. */
export const traceForeign =
  (trace: FrameTrace) =>
  (meterId: string, { direction, on, text }: ForeignFrame): void => {
    if (!trace.watches(meterId)) return;
    const status = on === 'data-block' ? readOutIn(text).status : 'whole';
    trace.note({
      ...{ meterId, link: 'serial', direction, on, length: text.length },
      fields: { text: printable(text, MAX_TEXT) },
      ...(status === 'whole' ? {} : { refuse: status }),
    });
  };
