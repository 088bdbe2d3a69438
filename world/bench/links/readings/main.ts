import { createInfluxServer } from '@tapwatt/gateway';
import type { Say } from '../../bench-town.ts';
import { benchCpu } from './cpu.ts';
import { benchGateway } from './gateway.ts';
import { benchOutage } from './outage.ts';

/** Readings into a real InfluxDB of this machine, which is made for it and removed after. */
export async function benchReadings(say: Say) {
  const server = await createInfluxServer();
  try {
    return {
      cpu: await benchCpu(server, say),
      outage: await benchOutage(server, say),
      gateway: await benchGateway(server, say),
    };
  } finally {
    await server.remove();
  }
}
