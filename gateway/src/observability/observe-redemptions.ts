import { resultName, STATE_BIT, type StatusFields } from '@tapwatt/firmware-contracts';
import type { Clock } from '../edges/edges.ts';
import { createRecentMap } from '../recent-map.ts';
import { ABOUT_THE_BYTES } from '../redemption/meter-redemptions.ts';
import type { RedemptionObserver } from '../redemption/observer.ts';
import type { LiveBoard } from './live-board.ts';
import type { Logger } from './logger.ts';

/** Vouchers whose times are remembered between two stages; an older one has no latency. */
const MAX_TIMED = 20_000;

const FLAGS: readonly (readonly [number, string])[] = [
  [STATE_BIT.LOW_CREDIT, 'low-credit'],
  [STATE_BIT.EMERGENCY, 'emergency'],
  [STATE_BIT.TAMPER, 'tamper'],
  [STATE_BIT.CLOCK_UNTRUSTED, 'clock-untrusted'],
  [STATE_BIT.QUARANTINED, 'quarantined'],
  [STATE_BIT.CLOSED, 'closed'],
];

/** Tells the live board and the log what happens to vouchers and meters. */
export function observeRedemptions(board: LiveBoard, log: Logger, clock: Clock): RedemptionObserver {
  const presentedAt = createTimes();
  const onMeterAt = createTimes();

  return {
    issued({ voucherId, meterId, amount, startedMs, repeated }) {
      if (repeated) return;
      const atMs = clock.nowMs();
      board.latency('issue', atMs - startedMs);
      board.voucherAdvanced({ voucherId, meterId, amount, stage: 'issued', atMs });
      log.info({ redemptionId: voucherId, meterId }, 'issued');
    },
    presented({ voucherId, meterId, kind, attempt, link }) {
      const atMs = clock.nowMs();
      if (attempt === 1) presentedAt.set(voucherId, atMs);
      board.voucherAdvanced({ voucherId, meterId, kind, stage: 'presented', atMs });
      log.debug({ redemptionId: voucherId, meterId, link, attempt }, 'presented');
    },
    answered({ meterId, fields, link }) {
      board.meterSeen({
        meterId,
        lastSeenMs: clock.nowMs(),
        balance: String(fields.balance),
        cumulativeCredited: String(fields.cumulativeCredited),
      });
      const result = resultName(fields.result) ?? 'unknown';
      log.info({ redemptionId: fields.voucherId, meterId, link, code: result }, 'meter answered');
    },
    onMeter({ voucherId, meterId, link }) {
      const atMs = clock.nowMs();
      const since = presentedAt.take(voucherId);
      if (since !== undefined) board.latency('on-meter', atMs - since);
      onMeterAt.set(voucherId, atMs);
      board.voucherAdvanced({ voucherId, meterId, link, stage: 'on-meter', atMs });
    },
    settled({ voucherId, meterId, outcome, txId, repeated }) {
      const atMs = clock.nowMs();
      const since = onMeterAt.take(voucherId);
      if (since !== undefined) board.latency('settle', atMs - since);
      if (repeated || outcome === 'nothing' || outcome === 'refused') return;
      const stage = outcome === 'voided' ? 'voided' : 'settled';
      board.voucherAdvanced({ voucherId, meterId, stage, txId, atMs });
      log.info({ redemptionId: voucherId, meterId, txId, code: outcome }, 'settled');
    },
    refused({ voucherId, meterId, requestId, code, message, error }) {
      const about = { redemptionId: voucherId, meterId, requestId, code };
      if (error === undefined) log.info(about, `refused: ${message}`);
      else log.error({ ...about, err: error }, message);
    },
    alarm({ voucherId, meterId, code, message }) {
      if (voucherId !== undefined && !ABOUT_THE_BYTES.has(code)) {
        board.voucherAdvanced({ voucherId, meterId, code, stage: 'refused', atMs: clock.nowMs() });
      }
      log.warn({ redemptionId: voucherId, meterId, code }, message);
    },
    reachable(meterId, reachable) {
      board.meterSeen({ meterId, connected: reachable, lastSeenMs: clock.nowMs() });
    },
    status(fields) {
      board.meterSeen({ ...figuresOf(fields), lastSeenMs: clock.nowMs() });
    },
  };
}

const figuresOf = (fields: StatusFields) => ({
  meterId: String(fields.meterId),
  relay: (fields.stateBits & STATE_BIT.RELAY_CLOSED) === 0 ? ('open' as const) : ('closed' as const),
  balance: String(fields.balance),
  cumulativeCredited: String(fields.cumulativeCredited),
  keyEpoch: fields.keyEpoch,
  flags: FLAGS.filter(([bit]) => (fields.stateBits & bit) !== 0).map(([, name]) => name),
});

/** When something happened, until it is asked for once. */
function createTimes() {
  const times = createRecentMap<string, number>(MAX_TIMED);
  return {
    set: times.set,
    take(key: string): number | undefined {
      const atMs = times.get(key);
      times.delete(key);
      return atMs;
    },
  };
}
