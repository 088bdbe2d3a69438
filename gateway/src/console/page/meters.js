// @ts-check
import { ask } from './api.js';
import { buttonById, byId, inputById, make, say } from './dom.js';
import { ago, count, money } from './format.js';

/** @typedef {import('../../http/meter-view.ts').MeterRow} MeterRow */
/** @typedef {import('../../http/meter-view.ts').MeterPage} MeterPage */
/** @typedef {import('../../http/live-feed.ts').MeterLive} MeterLive */

const PAGE = 25;
const SEARCH_DELAY_MS = 250;
/** The ledger's figures of the page are read again at most this often. */
const REFRESH_MS = 2_000;

/**
 * The table of meters: one page at a time, however many there are.
 * @param {(meterId: string) => void} onOpen somebody wants to see more of a meter
 */
export function createMeterTable(onOpen) {
  const search = inputById('search');
  const previous = buttonById('previous');
  const next = buttonById('next');
  /** The cursors that led here; the last one is that of the page shown. @type {(string | undefined)[]} */
  let cursors = [undefined];
  /** @type {MeterRow[]} */
  let meters = [];
  /** @type {AbortController | undefined} */
  let loading;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let refresh;

  previous.addEventListener('click', () => go(cursors.slice(0, -1)));
  next.addEventListener('click', () => go([...cursors, next.dataset.cursor]));
  let typing = setTimeout(() => undefined);
  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => go([undefined]), SEARCH_DELAY_MS);
  });
  setInterval(showAges, 1_000);
  byId('meter-rows').addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('[data-meter]') : null;
    if (button instanceof HTMLElement) onOpen(button.dataset.meter ?? '');
  });

  /** @param {(string | undefined)[]} to */
  function go(to) {
    cursors = to;
    void load();
  }

  async function load() {
    loading?.abort();
    loading = new AbortController();
    const query = new URLSearchParams({ limit: String(PAGE) });
    const after = cursors.at(-1);
    const digits = search.value.replaceAll(/\D/g, '');
    if (after !== undefined) query.set('after', after);
    if (digits !== '') query.set('q', digits);
    try {
      const response = await ask(`/api/v1/meters?${query}`, loading.signal);
      if (!response.ok) return showProblem();
      show(/** @type {MeterPage} */ (await response.json()), digits);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) showProblem();
    }
  }

  function showProblem() {
    say(byId('page'), 'The meters cannot be read just now.');
  }

  /** @param {MeterPage} page @param {string} digits */
  function show(page, digits) {
    meters = [...page.meters];
    byId('meter-rows').replaceChildren(...meters.map(meterRow));
    const empty = byId('no-meters');
    empty.hidden = meters.length > 0;
    say(
      empty,
      digits === ''
        ? 'No meter is registered yet: tapwatt meter add --id NUMBER'
        : `No meter’s number contains ${digits}.`,
    );
    const first = (cursors.length - 1) * PAGE + 1;
    say(byId('page'), meters.length === 0 ? '' : `${count(first)} to ${count(first + meters.length - 1)}`);
    previous.disabled = cursors.length === 1;
    next.disabled = page.next === undefined;
    if (page.next !== undefined) next.dataset.cursor = page.next;
  }

  function showAges() {
    for (const element of document.querySelectorAll('[data-seen]')) {
      if (element instanceof HTMLElement) say(element, ago(Number(element.dataset.seen), Date.now()));
    }
  }

  return {
    load: () => void load(),
    /** What was heard of meters; only those of the page are drawn again. @param {readonly MeterLive[]} heard */
    update(heard) {
      for (const live of heard) {
        const index = meters.findIndex((meter) => meter.meterId === live.meterId);
        const meter = meters[index];
        if (meter === undefined) continue;
        const changed = { ...meter, live };
        meters[index] = changed;
        byId('meter-rows').children[index]?.replaceWith(meterRow(changed));
      }
    },
    /** The ledger's figures of these meters, or of all, are out of date. @param {ReadonlySet<string> | 'all'} changed */
    outdated(changed) {
      const concerned = changed === 'all' || meters.some((meter) => changed.has(meter.meterId));
      if (!concerned || refresh !== undefined) return;
      refresh = setTimeout(() => {
        refresh = undefined;
        void load();
      }, REFRESH_MS);
    },
  };
}

/** @param {MeterRow} meter */
function meterRow(meter) {
  const { live } = meter;
  const seen = live?.lastSeenMs;
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, meterButton(meter.meterId)),
    make('td', { class: 'link' }, live?.connected === true ? state('on', 'connected') : state('off', 'away')),
    make('td', { 'data-title': 'Relay' }, relayOf(live)),
    make(
      'td',
      {
        class: `number${live?.balance?.startsWith('-') === true ? ' negative' : ''}`,
        'data-title': 'Balance',
      },
      money(live?.balance),
    ),
    make('td', { class: 'number', 'data-title': 'Settled' }, money(meter.settled)),
    make('td', { class: 'number', 'data-title': 'Open' }, openOf(meter)),
    make(
      'td',
      { class: 'quiet', 'data-title': 'Last heard' },
      make('span', seen === undefined ? {} : { 'data-seen': String(seen) }, ago(seen, Date.now())),
    ),
    make('td', { class: 'notes' }, notesOf(meter).join(', ')),
  );
}

/** @param {string} meterId */
function meterButton(meterId) {
  const attributes = {
    ...{ type: 'button', class: 'plain', 'data-meter': meterId, 'aria-haspopup': 'dialog' },
    title: 'Consumption and balance',
  };
  return make('button', attributes, meterId);
}

/** @param {MeterRow} meter */
function openOf(meter) {
  return meter.openVouchers === 0 ? '–' : `${meter.openVouchers} (${money(meter.openAmount)})`;
}

/** @param {MeterLive | undefined} live */
function relayOf(live) {
  if (live?.relay === undefined) return '–';
  return live.relay === 'closed' ? state('on', 'supplying') : state('cut', 'cut off');
}

/** @param {string} kind @param {string} words */
function state(kind, words) {
  return make('span', { class: `state ${kind}` }, words);
}

/** @param {MeterRow} meter */
function notesOf({ closed, suspended, quarantined, live }) {
  const ledger = Object.entries({ closed, suspended, quarantined }).flatMap(([name, on]) =>
    on ? [name] : [],
  );
  return [...new Set([...ledger, ...(live?.flags ?? []).map((flag) => flag.replaceAll('-', ' '))])];
}
