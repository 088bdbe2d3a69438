import { setTimeout as pause } from 'node:timers/promises';
import { encodeLineFrame, INS, lineTimeMs } from '@tapwatt/firmware-contracts';
import { type LineOfMeters, openLineOfMeters } from '../../test/serial/line-of-meters.ts';
import { until } from '../../test/until.ts';
import type { Say } from '../bench-town.ts';

const BAUD = 9_600;
const ROUNDS = 20;
/** No meter is asked but when something waits for it. */
const NEVER_MS = 3_600_000;
const TARGET = 1.5;
const IDLE_MS = 500;

/**
 * Redemptions on a line of 9,600 baud between two pseudo-terminals, byte by byte: from the handset's request until it hears
 * `on-meter`, against the time that the bytes up to the meter's receipt take on the line, counted in the same run.
 */
export async function benchSerial(say: Say) {
  const town = await openLineOfMeters({
    config: { baudRate: BAUD, pollIntervalMs: NEVER_MS },
    isPaced: true,
  });
  try {
    const handset = await town.sites.a.handset();
    await town.found(1);
    const rounds: { readonly tookMs: number; readonly bytes: number }[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const { voucher } = await handset.buy('1', '100');
      const from = town.seen.length;
      const startedMs = performance.now();
      const sent = handset.ask({ op: 'redeem', voucher });
      await handset.hears(sent, 'on-meter');
      const tookMs = performance.now() - startedMs;
      await handset.hears(sent, 'settled');
      // The next one finds the line idle, as a customer does.
      await until('the meter to be acknowledged', () => town.meters.every(isAcknowledged) || undefined);
      await pause(IDLE_MS);
      // The first sets the meter's clock as well, and loads what the others find loaded.
      if (round > 0) rounds.push({ tookMs, bytes: bytesUntilReceipt(town, from) });
    }
    const report = figuresOf(rounds);
    say(`  p50 ${report.redemptionMs.p50} ms, ${report.ratio.p50} × the ${report.lineMs} ms of its bytes`);
    return report;
  } finally {
    await town.close();
  }
}

const isAcknowledged = (meter: LineOfMeters['meters'][number]): boolean => {
  const record = meter.state?.meter.record;
  return record?.ackedReceiptNo === record?.receiptNo;
};

/** Of the commands and answers from the first one up to that of COMMIT. */
function bytesUntilReceipt(town: LineOfMeters, from: number): number {
  let bytes = 0;
  let isCommitted = false;
  for (const seen of town.seen.slice(from)) {
    if (seen.type !== 'command' && seen.type !== 'answer') continue;
    bytes += encodeLineFrame(seen.frame).length;
    if (isCommitted) break;
    isCommitted = seen.type === 'command' && seen.frame.apdu[1] === INS.COMMIT;
  }
  return bytes;
}

function figuresOf(rounds: readonly { readonly tookMs: number; readonly bytes: number }[]) {
  const rounded = (value: number): number => Math.round(value * 100) / 100;
  const of = (values: readonly number[]) => {
    const sorted = values.toSorted((a, b) => a - b);
    const at = (share: number): number => rounded(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
    return { p50: at(0.5), p90: at(0.9), max: at(1) };
  };
  const bytes = of(rounds.map((round) => round.bytes)).p50;
  return {
    ...{ baudRate: BAUD, redemptions: rounds.length, bytes },
    lineMs: rounded(lineTimeMs(bytes, BAUD)),
    redemptionMs: of(rounds.map(({ tookMs }) => tookMs)),
    ratio: of(rounds.map((round) => round.tookMs / lineTimeMs(round.bytes, BAUD))),
    target: TARGET,
  };
}
