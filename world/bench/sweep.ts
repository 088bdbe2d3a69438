import { inBenchTown, reached, type Say } from './bench-town.ts';
import { startLoad } from './load.ts';
import { round } from './load-protocol.ts';

const METERS = 1_000;
const HANDSETS = 16;
export const DEFAULT_OPEN = 10_000;

export interface SweepReport {
  readonly openVouchers: number;
  readonly meters: number;
  /** From the start of the process to ready. */
  readonly readySeconds: number;
  /** From ready until all meters are connected again, which is up to them, and until all vouchers are settled. */
  readonly connectedSeconds: number;
  readonly settledSeconds: number;
}

/** Open vouchers presented and settled after the gateway was killed and started again, its meters coming back. */
export function benchSweep(say: Say, openVouchers = DEFAULT_OPEN): Promise<SweepReport> {
  return inBenchTown(async (town) => {
    let gateway = await town.start();
    const load = startLoad();
    try {
      say(`registering ${METERS} meters, buying ${openVouchers} vouchers …`);
      const fleet = await town.provision(gateway, { meters: METERS, handsets: HANDSETS });
      await load.ask({ do: 'connect', fleet, meters: METERS });
      await load.ask({ do: 'buy', vouchers: openVouchers, amount: '500' });
      say('killing the gateway and starting it again …');
      await gateway.kill();
      const killedMs = performance.now();
      gateway = await town.start(gateway);
      const readyMs = performance.now();
      const connectedMs = await reached(gateway, 'metersConnected', METERS);
      const settledMs = await reached(gateway, 'settled', openVouchers);
      return {
        ...{ openVouchers, meters: METERS },
        readySeconds: round((readyMs - killedMs) / 1000),
        connectedSeconds: round((connectedMs - readyMs) / 1000),
        settledSeconds: round((settledMs - readyMs) / 1000),
      };
    } finally {
      await load.stop();
      await gateway.stop();
    }
  });
}
