// @ts-check
import { histogram, sparkline } from './charts.js';
import { byId, say } from './dom.js';
import { count, duration } from './format.js';

/** @typedef {import('../../http/live-feed.ts').LiveOverview} LiveOverview */
/** @typedef {import('../../http/services.ts').GatewayIdentity} GatewayIdentity */

const HEALTH = { ready: 'Ready', degraded: 'Degraded', 'not-ready': 'Not ready', lost: 'Connection lost' };

/** @param {GatewayIdentity} gateway */
export function showGateway(gateway) {
  say(
    byId('site'),
    `${gateway.site} · ${gateway.ledgerId}${gateway.profile === 'development' ? ' · development' : ''}`,
  );
  document.title = `Tapwatt · ${gateway.site}`;
}

/** @param {keyof typeof HEALTH} state @param {readonly { readonly message: string }[]} reasons */
export function showHealth(state, reasons) {
  const pill = byId('health');
  pill.dataset.state = state;
  say(pill, HEALTH[state]);
  const words = byId('reasons');
  say(words, reasons.map((reason) => reason.message).join(' '));
  words.hidden = reasons.length === 0;
}

/** @param {LiveOverview} overview */
export function showOverview(overview) {
  const { counters, ledger, settledPerSecond } = overview;
  showHealth(/** @type {keyof typeof HEALTH} */ (overview.readiness.state), overview.readiness.reasons);
  say(byId('connected'), count(counters.metersConnected));
  say(byId('issued'), count(counters.issued));
  say(byId('on-meter'), count(counters.onMeter));
  say(byId('settled'), count(counters.settled));
  say(byId('refused'), count(counters.refused));
  say(byId('block'), count(ledger.blockNumber));
  say(byId('rate'), `${count(settledPerSecond.at(-1) ?? 0)}/s`);
  byId('throughput').replaceChildren(...sparkline(settledPerSecond));
  for (const latency of overview.latencies) {
    const figures =
      latency.count === 0 ? '' : `p50 ${duration(latency.p50Ms)} · p99 ${duration(latency.p99Ms)}`;
    say(byId(`${latency.stage}-figures`), figures);
    byId(`${latency.stage}-chart`).replaceChildren(...histogram(latency));
  }
}
