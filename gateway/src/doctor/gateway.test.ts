import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.ts';
import { createManualClock } from '../edges/manual-clock.ts';
import { systemRandom } from '../edges/system.ts';
import { socketGuard } from '../http/access.ts';
import { createHttpApp } from '../http/app.ts';
import { scriptedServices } from '../http/testing/scripted-services.ts';
import { createLogger } from '../observability/logger.ts';
import { readinessOf } from '../observability/readiness.ts';
import type { Finding } from './check.ts';
import { checkGateway } from './check-gateway.ts';
import { examine } from './examine.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function look(): Promise<readonly Finding[]> {
  const { config } = loadConfig({
    ...{ environment: {}, workingDirectory: directory },
    flags: [{ name: '--data', path: 'data', text: '.' }],
  });
  const patient = { config, environment: {}, clock: createManualClock(), random: systemRandom };
  return examine({ ...patient, signal: new AbortController().signal }, [checkGateway]);
}

describe('of a gateway', () => {
  it('it is no trouble that none runs', async () => {
    expect(await look()).toMatchObject([{ state: 'note', remedy: 'tapwatt run' }]);
  });

  it('that runs, each reason for which it is not ready is trouble', async () => {
    const services = scriptedServices();
    const log = createLogger({ level: 'error', destination: { write: () => undefined } });
    const app = createHttpApp({ services, guard: socketGuard, log });
    await app.listen({ path: join(directory, 'gateway.sock') });
    try {
      expect(await look()).toMatchObject([{ state: 'ok', says: expect.stringContaining('is ready') }]);
      const away = { state: 'away', reason: 'Cannot lock port', meters: [], silent: [] } as const;
      const lines = [{ device: '/dev/ttyUSB0', ...away }];
      const brokerAway = 'mqtts://broker';
      services.report = readinessOf({
        ...{ ledger: 'open', listening: true, stopping: false, brokerAway, serial: { lines } },
      });
      expect(await look()).toMatchObject([
        { state: 'ok', says: expect.stringContaining('is not-ready') },
        {
          what: 'gateway (broker)',
          state: 'trouble',
          says: expect.stringContaining('BUSY: The MQTT broker'),
        },
        {
          ...{ what: 'gateway (serial)', state: 'trouble' },
          says: 'SERIAL_UNAVAILABLE: The serial port /dev/ttyUSB0 is away (Cannot lock port).',
          remedy: expect.stringContaining('no other program has it'),
        },
      ]);
    } finally {
      await app.close();
    }
  });

  it('what answers and is none is trouble', async () => {
    const server: Server = createServer((_, answer) => answer.end('hello'));
    await new Promise<void>((resolve) => server.listen(join(directory, 'gateway.sock'), resolve));
    try {
      expect(await look()).toMatchObject([{ state: 'trouble', says: expect.stringContaining('no Tapwatt') }]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
