import { setTimeout as pause } from 'node:timers/promises';
import { inBenchTown, reached, type Say } from './bench-town.ts';
import { startLoad } from './load.ts';
import { residentMiB } from './process-figures.ts';

const REGISTERED = 10_000;
const CONNECTED = 1_000;
const HANDSETS = 1;
/** What was needed to start and to register is given back by then, or it counts. */
const SETTLE_MS = 10_000;

export interface MemoryReport {
  readonly idleMiB: number;
  readonly registered: number;
  readonly connected: number;
  /** In the process that registered them, and after a restart. */
  readonly loadedMiB: number;
  readonly restartedMiB: number;
}

/** Resident memory of the gateway's process, broker, ledger and page in it: idle, and with meters. */
export function benchMemory(say: Say, registered = REGISTERED): Promise<MemoryReport> {
  return inBenchTown(async (town) => {
    let gateway = await town.start();
    const load = startLoad();
    const settledMiB = async () => {
      await pause(SETTLE_MS);
      return residentMiB(gateway.pid);
    };
    try {
      await fetch(`http://127.0.0.1:${gateway.httpPort}/`);
      const idleMiB = await settledMiB();
      say(`idle ${idleMiB} MiB; registering ${registered} meters, connecting ${CONNECTED} …`);
      const fleet = await town.provision(gateway, { meters: registered, handsets: HANDSETS });
      await load.ask({ do: 'connect', fleet, meters: CONNECTED });
      const loadedMiB = await settledMiB();
      say(`with the meters ${loadedMiB} MiB; starting the gateway again …`);
      await gateway.stop();
      gateway = await town.start(gateway);
      await reached(gateway, 'metersConnected', CONNECTED);
      const restartedMiB = await settledMiB();
      return { idleMiB, registered, connected: CONNECTED, loadedMiB, restartedMiB };
    } finally {
      await load.stop();
      await gateway.stop();
    }
  });
}
