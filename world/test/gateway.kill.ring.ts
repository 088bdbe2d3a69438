import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { provisionFleet } from '@tapwatt/gateway';
import { seededRandom } from '@tapwatt/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayProcess, startGatewayProcess } from '../src/gateway-process.ts';
import { judge } from './judge.ts';
import { startUnrest, type Unrest } from './unrest.ts';

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 200);
const SEED = Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** The gateway lives so long at the most, ms, before it is killed. */
const MAX_LIFE_MS = 700;
const CALM_DEADLINE_MS = 90_000;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tapwatt-kill-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const start = (ports: { mqttPort: number; httpPort: number }): Promise<GatewayProcess> =>
  startGatewayProcess({
    dataDirectory: join(directory, 'data'),
    ...ports,
    logFile: join(directory, 'gateway.log'),
    environment: { TAPWATT_LOG_LEVEL: 'warn', TAPWATT_SWEEP_INTERVAL_MS: '1000' },
  });

/** Until every request has its final answer and no money is held for an open voucher. */
async function untilQuiet(unrest: Unrest, gateway: GatewayProcess): Promise<void> {
  const endMs = Date.now() + CALM_DEADLINE_MS;
  for (;;) {
    const held = await heldOf(gateway);
    if (unrest.outstanding() === 0 && held === '0') return;
    if (Date.now() > endMs) {
      const left = unrest.fleet.handsets.flatMap(({ outstanding }) =>
        outstanding.map(({ request, status }) => `${request.op} ${status}`),
      );
      throw new Error(`Not quiet: ${left.join(', ')}; held ${held}`);
    }
    await pause(100);
  }
}

async function heldOf(gateway: GatewayProcess): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${gateway.httpPort}/api/v1/wallets/wallet-1`);
  return ((await answer.json()) as { held: string }).held;
}

describe(`the gateway killed with -9 ${ROUNDS} times at random moments under load`, () => {
  it(`keeps I1 to I4 and I7 (KILL_SEED=${SEED})`, async () => {
    const random = seededRandom(SEED);
    let gateway = await start({ mqttPort: 0, httpPort: 0 });
    const { mqttPort, httpPort } = gateway;
    const fleet = await provisionFleet({
      dataDirectory: join(directory, 'data'),
      broker: { host: '127.0.0.1', port: mqttPort },
      meters: 8,
      handsets: 3,
      fleetFile: join(directory, 'fleet.json'),
    });
    const unrest = startUnrest(fleet, SEED);
    try {
      await unrest.fleet.allUp(30_000);
      for (let round = 1; round <= ROUNDS; round += 1) {
        await pause(random.next() * MAX_LIFE_MS);
        await gateway.kill();
        gateway = await start({ mqttPort, httpPort });
        if (round % 20 === 0)
          process.stderr.write(`round ${round} of ${ROUNDS}: ${unrest.history.requests.length} requests\n`);
      }
      unrest.calm();
      await untilQuiet(unrest, gateway);
      await gateway.stop();
      const { meters } = unrest.fleet;
      const { history } = unrest;
      expect(await judge(join(directory, 'data'), { meters, history })).toEqual([]);
      expect(history.requests.length).toBeGreaterThan(ROUNDS);
    } finally {
      await unrest.close();
      await gateway.kill();
    }
  });
});
