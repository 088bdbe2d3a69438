import { meterId, TapwattError } from '@tapwatt/firmware-contracts';
import type { TracedFrame } from '../trace/traced-frame.ts';
import { streamFromGateway } from './gateway-stream.ts';
import { type CommonOptions, layoutOf, type Session } from './session.ts';
import { stopSignal } from './stop-signal.ts';

/** A line that is longer is none of the gateway's. */
const MAX_LINE = 65_536;
const CLOCK_START = 11;
const CLOCK_END = 23;

type Line = TracedFrame | { readonly leftOut: number } | { readonly unknown: true };

/** `trace --meter ID`: frames of every link as they go, until it is stopped. */
export async function traceMeter(
  session: Session,
  options: CommonOptions & { readonly meter: string },
): Promise<void> {
  const id = meterId(options.meter);
  const { socket } = await layoutOf(session.edges, options);
  const stop = new AbortController();
  const bytes = streamFromGateway(socket, `/api/v1/meters/${id}/trace`, stop.signal);
  const lines = linesOf(bytes, () =>
    session.out.note(`Frames of meter ${id} by every link, as they go. Stop with Ctrl-C.`),
  );
  const stopped = stopSignal(session.edges.nowMs).then(() => 'stopped' as const);
  for (;;) {
    const next = await Promise.race([lines.next(), stopped]);
    if (next === 'stopped') return stop.abort();
    if (next.done === true) throw new TapwattError('GATEWAY_UNREACHABLE', 'The gateway has stopped.');
    if ('unknown' in next.value)
      session.out.note(`No meter ${id} is known here yet; its frames are waited for.`);
    else session.out.data(next.value, textOf(next.value));
  }
}

/** The gateway says something at once: `onConnected` is called then. */
async function* linesOf(bytes: AsyncIterable<Uint8Array>, onConnected: () => void): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  let text = '';
  let isConnected = false;
  for await (const chunk of bytes) {
    if (!isConnected) onConnected();
    isConnected = true;
    const lines = (text + decoder.decode(chunk, { stream: true })).split('\n');
    text = lines.pop() ?? '';
    if (text.length > MAX_LINE) throw new TapwattError('GATEWAY_UNREACHABLE', 'The answer is no trace.');
    for (const line of lines) if (line !== '') yield JSON.parse(line) as Line;
  }
}

function textOf(line: Exclude<Line, { readonly unknown: true }>): string {
  if ('leftOut' in line)
    return `… ${line.leftOut} frames were left out: they came faster than they were read.`;
  const { atMs, link, direction, on, sw, frame, fields, refuse, outcome, length } = line;
  const at = new Date(atMs).toISOString().slice(CLOCK_START, CLOCK_END);
  const arrow = direction === 'to-meter' ? '→' : '←';
  const said = Object.entries(fields ?? {}).map(([name, value]) => `${name}=${value}`);
  const size = frame === undefined && length > 0 ? [`${length} bytes`] : [];
  const words = [frame, refuse, ...said, ...size, outcome && `(${outcome})`];
  return [at, link.padEnd(6), arrow, on, sw ?? '', ...words].filter((word) => word).join(' ');
}
