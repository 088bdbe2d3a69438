import { setTimeout as pause } from 'node:timers/promises';
import type { FabricNetworkUnderTest } from '@tapwatt/gateway';
import { inBenchTown, type Say } from '../bench-town.ts';
import { startLoad } from '../load.ts';
import { round, type SpanFigures } from '../load-protocol.ts';
import { residentMiB } from '../process-figures.ts';

const METERS = 5_000;
const HANDSETS = 16;
const PER_SECOND = 50;
const AMOUNT = '500';
/** With the ledger there, before it goes away. */
const BEFORE_MS = 20_000;
/** After its return all that waits must be settled within this. */
const SETTLE_MS = 300_000;
const LOOK_MS = 1_000;
const BUY_AT_A_TIME = 5_000;
const MINUTE_MS = 60_000;

export interface OutageReport {
  readonly perSecondOffered: number;
  readonly meters: number;
  readonly outageMinutes: number;
  /** Requests sent before the ledger went away, while it was away, and after its return. */
  readonly before: SpanFigures;
  readonly during: SpanFigures;
  readonly after: SpanFigures;
  /** After the return of the ledger, until the last receipt of the outage was settled. */
  readonly allSettledSeconds: number;
  /** Resident memory of the gateway: before, and the highest seen from then on. */
  readonly memoryMiB: { readonly before: number; readonly highest: number };
}

interface Where {
  readonly network: FabricNetworkUnderTest;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * All processes of the ledger are away while sealed vouchers are redeemed, at the full rate and with all meters; a shorter
 * outage than ten minutes leaves as much less to settle, which is said by `outageMinutes`.
 */
export function benchOutage(
  { network, environment }: Where,
  minutes: number,
  say: Say,
): Promise<OutageReport> {
  const outageMs = minutes * MINUTE_MS;
  // As long as what waits may take to settle, the load goes on.
  const afterMs = Math.min(SETTLE_MS, outageMs);
  return inBenchTown(async (town) => {
    const gateway = await town.start();
    const load = startLoad();
    const memory = watchMemory(gateway.pid);
    try {
      say(`registering ${METERS} meters and ${HANDSETS} handsets …`);
      const fleet = await town.provision(gateway, { meters: METERS, handsets: HANDSETS });
      await load.ask({ do: 'connect', fleet, meters: METERS });
      const vouchers = Math.ceil(((BEFORE_MS + outageMs + afterMs) * PER_SECOND) / 1000);
      for (let bought = 0; bought < vouchers; bought += BUY_AT_A_TIME) {
        const some = Math.min(BUY_AT_A_TIME, vouchers - bought);
        await load.ask({ do: 'buy', vouchers: some, amount: AMOUNT });
        say(`bought ${bought + some} of ${vouchers} vouchers`);
      }
      const before = await memory.begin();
      const startMs = Date.now();
      const running = load.ask({ do: 'redeem', vouchers, perSecond: PER_SECOND, drainMs: SETTLE_MS });
      await pause(BEFORE_MS);
      say(`the ledger goes away for ${minutes} minutes …`);
      const awayMs = Date.now();
      await network.down();
      await pause(Math.max(0, awayMs + outageMs - Date.now()));
      await network.up();
      const backMs = Date.now();
      say('the ledger is back …');
      await running;
      const span = async (fromMs: number, toMs: number) =>
        (await load.ask({ do: 'span', fromMs, toMs })).figures;
      const during = await span(awayMs, backMs);
      return {
        ...{ perSecondOffered: PER_SECOND, meters: METERS },
        outageMinutes: round((backMs - awayMs) / MINUTE_MS),
        before: await span(startMs, awayMs),
        during,
        after: await span(backMs, Date.now()),
        allSettledSeconds: round(during.lastSettledMs / 1000),
        memoryMiB: { before, highest: memory.highest() },
      };
    } finally {
      memory.end();
      await load.stop();
      await gateway.stop();
    }
  }, environment);
}

function watchMemory(pid: number) {
  let highest = 0;
  const look = async (): Promise<number> => {
    const now = await residentMiB(pid);
    highest = Math.max(highest, now);
    return now;
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    async begin(): Promise<number> {
      timer = setInterval(() => void look(), LOOK_MS);
      return look();
    },
    highest: () => highest,
    end: () => clearInterval(timer),
  };
}
