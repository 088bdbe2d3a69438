// @ts-check
import { buttonById, byId, make } from './dom.js';
import { clockTime, duration, money } from './format.js';

/** @typedef {import('../../http/live-feed.ts').VoucherLive} VoucherLive */

const MAX_ROWS = 50;
const WAY = /** @type {const} */ (['issued', 'presented', 'on-meter', 'settled']);
const NAMES = {
  issued: 'issued',
  presented: 'presented',
  'on-meter': 'on meter',
  settled: 'settled',
  voided: 'voided',
};
const KINDS = ['–', '–', 'void', 'clear tamper', 'close', 'transfer', 'new epoch'];

/** The list of recent vouchers, newest first; held still while somebody reads. */
export function createVoucherList() {
  const list = byId('vouchers');
  const holdButton = buttonById('hold');
  /** @type {Map<string, VoucherLive>} */
  let vouchers = new Map();
  /** @type {Map<string, HTMLElement>} */
  const rows = new Map();
  let held = false;

  holdButton.addEventListener('click', () => {
    held = !held;
    holdButton.setAttribute('aria-pressed', String(held));
    holdButton.textContent = held ? 'Go on' : 'Hold';
    if (!held) render(false);
  });

  /** @param {boolean} fresh */
  function render(fresh) {
    if (held) return;
    const newest = [...vouchers.values()].reverse();
    for (const id of rows.keys()) if (!vouchers.has(id)) rows.delete(id);
    const shown = newest.map((voucher) => {
      const isNew = !rows.has(voucher.voucherId);
      const row = voucherRow(voucher);
      if (isNew && fresh) row.classList.add('fresh');
      rows.set(voucher.voucherId, row);
      return row;
    });
    list.replaceChildren(...shown);
    byId('no-vouchers').hidden = shown.length > 0;
  }

  return {
    /** @param {readonly VoucherLive[]} newestFirst */
    reset(newestFirst) {
      vouchers = new Map([...newestFirst].reverse().map((voucher) => [voucher.voucherId, voucher]));
      render(false);
    },
    /** @param {readonly VoucherLive[]} changed */
    update(changed) {
      for (const voucher of changed) vouchers.set(voucher.voucherId, voucher);
      for (const id of vouchers.keys()) {
        if (vouchers.size <= MAX_ROWS) break;
        vouchers.delete(id);
      }
      render(true);
    },
  };
}

/** @param {VoucherLive} voucher */
function voucherRow(voucher) {
  const times = Object.values(voucher.times);
  const first = Math.min(...times);
  return make(
    'li',
    { class: 'voucher', 'data-stage': voucher.stage },
    make('span', { class: 'quiet' }, clockTime(first)),
    make('span', { class: 'ellipsis', title: `Voucher ${voucher.voucherId}` }, `Meter ${voucher.meterId}`),
    make(
      'span',
      { class: 'amount' },
      voucher.amount === undefined ? (KINDS[voucher.kind ?? 0] ?? '–') : money(voucher.amount),
    ),
    wayOf(voucher, first),
    make('span', { class: 'outcome' }, outcomeOf(voucher, first)),
  );
}

/** The four stations with the time from the first one known. @param {VoucherLive} voucher @param {number} first */
function wayOf(voucher, first) {
  const last = WAY.findLastIndex((stage) => voucher.times[stage] !== undefined);
  const stations = WAY.map((stage, index) => {
    const at = voucher.times[stage];
    const classes = [at !== undefined || index < last ? 'passed' : '', index < last ? 'onward' : ''];
    const delay = at === undefined || at === first ? '' : `+${duration(at - first)}`;
    return make(
      'li',
      { class: classes.join(' ').trim() },
      `${NAMES[stage]} ${stage === 'on-meter' ? byLink(voucher) : ''}`,
      make('span', { class: 'delay' }, delay),
    );
  });
  return make('ol', { class: 'way' }, ...stations);
}

/** The usual way needs no word. @param {VoucherLive} voucher */
function byLink({ link }) {
  return link === undefined || link === 'mqtt' ? '' : `by ${link === 'nfc' ? 'NFC' : link} `;
}

/** @param {VoucherLive} voucher @param {number} first */
function outcomeOf(voucher, first) {
  if (voucher.stage === 'refused') return voucher.code ?? 'refused';
  const end = voucher.times.settled ?? voucher.times.voided;
  if (end === undefined) return 'on its way';
  return voucher.stage === 'voided' ? 'voided' : duration(end - first);
}
