import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Fleet } from '@tapwatt/simulator';
import { inBenchTown, type Say } from './bench-town.ts';
import { type Load, startLoad } from './load.ts';
import { type RedeemFigures, round } from './load-protocol.ts';
import { cpuSeconds } from './process-figures.ts';

const AMOUNT = '500';
const METERS = 1_000;
const HANDSETS = 16;
/** Vouchers in flight in the saturated run. */
const IN_FLIGHT = 256;
const OFFERED_PER_SECOND = 500;
/** Of each run, unless told otherwise: a meter may have 16 open. */
export const DEFAULT_VOUCHERS = 12_000;

export interface ServerRun extends RedeemFigures {
  /** CPU of the server's process per redemption. */
  readonly serverCpuMs: number;
}

export interface RedeemReport {
  readonly offered: ServerRun & { readonly perSecondOffered: number; readonly doubled: number };
  readonly saturated: ServerRun;
  /** The very same messages through the same broker, with handlers that do nothing. */
  readonly baseline: ServerRun;
  /** Saturated redemptions/s over the baseline's. */
  readonly ratio: number;
}

/** Redemptions of sealed vouchers: offered at 500/s, saturated, and saturated against a server that does nothing. */
export async function benchRedeem(say: Say, vouchers = DEFAULT_VOUCHERS): Promise<RedeemReport> {
  const { offered, saturated, fleet } = await realRuns(say, vouchers);
  say('baseline: the same messages, handlers that do nothing …');
  const baseline = await nullRun(fleet, vouchers);
  return { offered, saturated, baseline, ratio: round(saturated.perSecond / baseline.perSecond) };
}

const realRuns = (say: Say, vouchers: number) =>
  inBenchTown(async (town) => {
    const gateway = await town.start();
    const load = startLoad();
    try {
      say(`registering ${METERS} meters and ${HANDSETS} handsets …`);
      const fleet = await town.provision(gateway, { meters: METERS, handsets: HANDSETS });
      await load.ask({ do: 'connect', fleet, meters: METERS });
      say(`buying ${vouchers} vouchers …`);
      await load.ask({ do: 'buy', vouchers, amount: AMOUNT });
      say(`redeeming ${vouchers} at ${OFFERED_PER_SECOND}/s …`);
      const steady = await measured(gateway.pid, load, {
        do: 'redeem',
        vouchers,
        perSecond: OFFERED_PER_SECOND,
      });
      const { credited } = await load.ask({ do: 'credited' });
      const doubled = Number((BigInt(credited) - BigInt(AMOUNT) * BigInt(vouchers)) / BigInt(AMOUNT));
      const offered = { ...steady, perSecondOffered: OFFERED_PER_SECOND, doubled };
      say(`buying and redeeming ${vouchers}, ${IN_FLIGHT} in flight …`);
      await load.ask({ do: 'buy', vouchers, amount: AMOUNT });
      const saturated = await measured(gateway.pid, load, { do: 'redeem', vouchers, inFlight: IN_FLIGHT });
      return { offered, saturated, fleet };
    } finally {
      await load.stop();
      await gateway.stop();
    }
  });

async function nullRun(fleet: Fleet, vouchers: number): Promise<ServerRun> {
  const server = spawn(
    process.execPath,
    [fileURLToPath(new URL('null-gateway.ts', import.meta.url)), fleet.site],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const load = startLoad();
  try {
    const port = await portOf(server.stdout);
    await load.ask({
      do: 'connect',
      fleet: { ...fleet, broker: { host: '127.0.0.1', port } },
      meters: METERS,
    });
    await load.ask({ do: 'seal', vouchers, amount: AMOUNT });
    return await measured(server.pid ?? 0, load, { do: 'redeem', vouchers, inFlight: IN_FLIGHT });
  } finally {
    await load.stop();
    server.kill('SIGTERM');
  }
}

async function portOf(output: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface(output)) return (JSON.parse(line) as { port: number }).port;
  throw new Error('The baseline server did not start.');
}

async function measured(
  pid: number,
  load: Load,
  command: Parameters<typeof load.ask<'redeem'>>[0],
): Promise<ServerRun> {
  const before = await cpuSeconds(pid);
  const { figures } = await load.ask(command);
  const used = (await cpuSeconds(pid)) - before;
  return { ...figures, serverCpuMs: round((used * 1000) / figures.asked) };
}
