import type { Purchase } from '../fleet/purchase.ts';

/** What the simulator tells: data on stdout, as lines or as JSON lines; narration on stderr. */
export type Told =
  | { readonly type: 'started'; readonly meters: number; readonly handsets: number; readonly resumed: number }
  | ({ readonly type: 'purchase' } & Purchase)
  | { readonly type: 'relay'; readonly meterId: string; readonly closed: boolean }
  | { readonly type: 'stopped' };

/** Where it tells it, and the wall clock that dates it (milliseconds since 1970). */
export interface Output {
  readonly json: boolean;
  readonly data: (line: string) => void;
  readonly narrate: (line: string) => void;
  readonly nowMs: () => number;
}

const MINOR_PER_MAJOR = 100n;
const CLOCK_START = 11;
const CLOCK_END = 19;

const money = (minor: string): string => {
  const amount = BigInt(minor);
  return `${amount / MINOR_PER_MAJOR}.${(amount % MINOR_PER_MAJOR).toString().padStart(2, '0')}`;
};

const time = (label: string, ms: number | undefined): string =>
  ms === undefined ? '' : `  ${label} ${ms} ms`;

const purchaseLine = (purchase: Purchase): string => {
  const head = `meter ${purchase.meterId}  +${money(purchase.amount)}  ${purchase.handset} by ${purchase.way}`;
  const resumed = purchase.isResumed ? '  (resumed)' : '';
  if (purchase.outcome !== 'settled') return `${head}  ${purchase.outcome} ${purchase.code ?? ''}${resumed}`;
  const times = `${time('issued', purchase.issuedMs)}${time('on meter', purchase.onMeterMs)}${time('settled', purchase.settledMs)}`;
  return `${head}${times}${resumed}`;
};

const line = (told: Told): string | undefined => {
  switch (told.type) {
    case 'purchase':
      return purchaseLine(told);
    case 'relay':
      return `meter ${told.meterId}  relay ${told.closed ? 'closed: supply is on' : 'open: supply is off'}`;
    case 'started':
      return `${told.meters} meters and ${told.handsets} handsets are connected; ${told.resumed} requests resumed. Stop with Ctrl-C.`;
    case 'stopped':
      return undefined;
  }
};

/** Tells one thing: as a JSON line with `--json`, else as a line that begins with the time of day (UTC). */
export const tell = (output: Output, told: Told): void => {
  const at = new Date(output.nowMs()).toISOString();
  const text = line(told);
  if (output.json) output.data(JSON.stringify({ at, ...told }));
  else if (text !== undefined) output.data(`${at.slice(CLOCK_START, CLOCK_END)}  ${text}`);
};
