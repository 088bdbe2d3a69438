import { inBenchTown, type Say } from '../bench-town.ts';
import { startLoad } from '../load.ts';
import { type Percentiles, type RedeemFigures, round } from '../load-protocol.ts';
import { cpuSeconds } from '../process-figures.ts';
import { median } from './median.ts';

const METERS = 1_000;
const HANDSETS = 16;
const PER_SECOND = 200;
const SECONDS = 20;
const ROUNDS = 3;
const AMOUNT = '500';

export interface OnMeterReport {
  readonly perSecondOffered: number;
  readonly rounds: number;
  /** Medians of the rounds: from the handset's request, over MQTT and the gateway, to `on-meter` and to `settled`. */
  readonly onMeter: Percentiles;
  readonly settled: Percentiles;
  readonly lost: number;
  /** Of the gateway's process with its broker, per redemption. */
  readonly gatewayCpuMs: number;
}

/** Redemptions of sealed vouchers at a steady rate: a gateway on Fabric, its meters and handsets over real MQTT. */
export function benchOnMeter(
  environment: Readonly<Record<string, string>>,
  say: Say,
): Promise<OnMeterReport> {
  return inBenchTown(async (town) => {
    const gateway = await town.start();
    const load = startLoad();
    try {
      say(`registering ${METERS} meters and ${HANDSETS} handsets …`);
      const fleet = await town.provision(gateway, { meters: METERS, handsets: HANDSETS });
      await load.ask({ do: 'connect', fleet, meters: METERS });
      const vouchers = PER_SECOND * SECONDS;
      const runs: (RedeemFigures & { readonly gatewayCpuMs: number })[] = [];
      for (let n = 1; n <= ROUNDS; n += 1) {
        say(`buying ${vouchers} vouchers …`);
        await load.ask({ do: 'buy', vouchers, amount: AMOUNT });
        const before = await cpuSeconds(gateway.pid);
        const { figures } = await load.ask({
          do: 'redeem',
          vouchers,
          perSecond: PER_SECOND,
          drainMs: 60_000,
        });
        const gatewayCpuMs = round((((await cpuSeconds(gateway.pid)) - before) * 1000) / vouchers);
        runs.push({ ...figures, gatewayCpuMs });
        say(
          `round ${n}: p99 ${figures.onMeter.p99Ms} ms to on-meter, ${figures.settled.p99Ms} ms to settled`,
        );
      }
      return reportOf(runs);
    } finally {
      await load.stop();
      await gateway.stop();
    }
  }, environment);
}

function reportOf(runs: readonly (RedeemFigures & { readonly gatewayCpuMs: number })[]): OnMeterReport {
  const middle = (of: 'onMeter' | 'settled'): Percentiles => ({
    p50Ms: median(runs.map((run) => run[of].p50Ms)),
    p99Ms: median(runs.map((run) => run[of].p99Ms)),
    maxMs: median(runs.map((run) => run[of].maxMs)),
  });
  return {
    ...{ perSecondOffered: PER_SECOND, rounds: runs.length },
    ...{ onMeter: middle('onMeter'), settled: middle('settled') },
    lost: runs.reduce((sum, run) => sum + run.lost, 0),
    gatewayCpuMs: median(runs.map((run) => run.gatewayCpuMs)),
  };
}
