import { FabricNetworkUnderTest, type LoadOnFabric, openLoadOnFabric } from '@tapwatt/gateway';
import type { Say } from '../bench-town.ts';
import { inTurn, partsOf } from '../parts.ts';
import { benchAgents } from './agents.ts';
import { benchOnMeter } from './on-meter.ts';
import { benchOutage } from './outage.ts';
import { benchSettlement } from './settlement.ts';

/** The ledger's time away, as it is promised; `--size` makes it another one. */
const OUTAGE_MINUTES = 10;

/** As a shell has it. */
const EXIT_INTERRUPTED = 130;
/** A slow machine makes figures worse; it should not end them. */
const PATIENT = { transactions: 64, endorseMs: 60_000, submitMs: 60_000, commitMs: 60_000 };

interface Bench {
  readonly network: FabricNetworkUnderTest;
  readonly outageMinutes: number;
  readonly say: Say;
}

const PARTS = {
  settlement: (bench: Bench) =>
    onLedger(bench, 'settlement', (load) => benchSettlement(load, bench.network, bench.say)),
  agents: (bench: Bench) => onLedger(bench, 'agents', (load) => benchAgents(load, bench.say)),
  'on-meter': async (bench: Bench) => benchOnMeter(await gatewayOn(bench, 'onmeter'), bench.say),
  outage: async (bench: Bench) => {
    const environment = await gatewayOn(bench, 'outage');
    return benchOutage({ network: bench.network, environment }, bench.outageMinutes, bench.say);
  },
};
/**
 * Figures of a Fabric network of three organisations that is made for them on free ports and removed after, one part after
 * another, each on an empty ledger. Throws a plain Error for a part that does not exist, and without Fabric's programs.
 */
export async function benchFabric(say: Say, outageMinutes = OUTAGE_MINUTES, names: readonly string[] = []) {
  const parts = partsOf('fabric', PARTS, names);
  const network = await FabricNetworkUnderTest.make();
  // Its processes do not end with this one.
  const interrupted = (): void => void network.remove().finally(() => process.exit(EXIT_INTERRUPTED));
  process.once('SIGINT', interrupted);
  try {
    say('making a Fabric network …');
    const upSeconds = await network.up();
    const bench = { network, outageMinutes, say };
    const reports = await inTurn(parts, say, (part) => PARTS[part](bench));
    return { fabric: await network.version(), upSeconds, ...reports };
  } finally {
    process.off('SIGINT', interrupted);
    await network.remove();
  }
}

async function onLedger<T>(
  { network }: Bench,
  name: string,
  measure: (load: LoadOnFabric) => Promise<T>,
): Promise<T> {
  const load = await openLoadOnFabric(PATIENT, await network.emptyLedger(name));
  try {
    return await measure(load);
  } finally {
    await load.close();
  }
}

const gatewayOn = async ({ network }: Bench, name: string) => ({
  TAPWATT_LEDGER_KIND: 'fabric',
  TAPWATT_LEDGER_FABRIC_NETWORK: await network.emptyLedger(name),
  // Every 30 s it shows open vouchers by itself, and would redeem what the load has bought to redeem.
  TAPWATT_SWEEP_INTERVAL_MS: '3600000',
});
