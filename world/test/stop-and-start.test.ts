import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from '@tapwatt/gateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTown, type RawHandset, type Town, townConfig } from './town.ts';

let directory: string;
let town: Town;
let handset: RawHandset;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  town = await openTown({ directory, meters: 8, handsets: 1 });
  handset = await town.handset();
});
afterAll(async () => {
  await town?.close();
  await rm(directory, { recursive: true, force: true });
});

const silentEdges = { logDestination: { write: () => undefined } };
const wish = (meterId: string, deliver = true) =>
  ({ op: 'issue', walletId: 'wallet-1', meterId, amount: '500', deliver }) as const;

describe('a gateway that is stopped and started again', () => {
  it('finds every voucher, wallet and meter where it was, and answers as before', async () => {
    const [quiet, away] = [await town.meter(), town.meterWithoutPower()];
    const settled = handset.ask(wish(quiet.meterId));
    const { txId, voucherId = '' } = await handset.hears(settled, 'settled');
    const pending = handset.ask(wish(away.meterId));
    await handset.hears(pending, 'pending');
    const printed = handset.ask(wish(away.meterId, false));
    const { voucher } = await handset.hears(printed, 'issued');
    const refused = handset.ask({ ...wish(away.meterId), walletId: 'nobody' });
    await handset.hears(refused, 'refused');
    const everything = async () => ({
      wallet: await town.wallet(),
      voucher: await town.voucher(voucherId),
      vouchers: await town.get('/api/v1/vouchers'),
      quiet: { ...(await town.ledgerMeter(quiet.meterId)), live: undefined },
      away: { ...(await town.ledgerMeter(away.meterId)), live: undefined },
      statement: await town.get('/api/v1/wallets/wallet-1/statement'),
    });
    const before = await everything();
    for (let time = 0; time < 2; time += 1) {
      await town.stopGateway();
      await town.startGateway();
    }
    expect(await everything()).toEqual(before);
    const again = async (sent: typeof settled, status: 'settled' | 'issued' | 'refused') => {
      handset.send(sent.jws);
      return handset.hears(sent, status);
    };
    expect(await again(settled, 'settled')).toMatchObject({ txId, voucherId });
    expect(await again(printed, 'issued')).toMatchObject({ voucher });
    expect(await again(refused, 'refused')).toMatchObject({ code: 'WALLET_UNKNOWN' });
    await away.start();
    handset.send(pending.jws);
    await handset.hears(pending, 'settled');
    expect([quiet.credited, away.credited >= 500n]).toEqual([500n, true]);
    expect(await town.get('/api/v1/invariants')).toMatchObject({ ok: true });
  });

  it('tells nobody a secret in its log', async () => {
    const keys = join(town.config.dataDirectory, 'keys');
    const log = town.log.join('');
    for (const name of ['master', 'mqtt']) {
      const secret =
        (await readFile(join(keys, `${name}.key`), 'utf8')).match(/^[0-9a-f]{64}$/m)?.[0] ?? name;
      expect(log).not.toContain(secret);
    }
    for (const { rootKey, password } of town.fleet.meters) {
      expect(log.includes(rootKey) || log.includes(password)).toBe(false);
    }
    for (const { password } of town.fleet.handsets) expect(log).not.toContain(password);
    for (const { voucher } of handset.heard)
      expect(voucher !== undefined && log.includes(voucher)).toBe(false);
    expect(log).not.toContain(await readFile(join(town.config.dataDirectory, 'admin.token'), 'utf8'));
  });
});

describe('a second gateway', () => {
  it('on the same data is refused DATA_LOCKED, and the first one does not notice', async () => {
    const socket = join(town.config.dataDirectory, 'gateway.sock');
    const before = await stat(socket);
    const second = townConfig(directory);
    await expect(startGateway(second, silentEdges)).rejects.toMatchObject({
      code: 'DATA_LOCKED',
      message: expect.stringContaining(town.config.dataDirectory),
    });
    expect((await stat(socket)).ino).toBe(before.ino);
    const meter = await town.meter();
    await handset.hears(handset.ask(wish(meter.meterId)), 'settled');
    expect(meter.credited).toBe(500n);
  });

  it.each([
    ['mqtt', 'mqtt.port'],
    ['http', 'http.port'],
  ] as const)(
    'on a taken %s port is refused PORT_IN_USE, naming the setting, and leaves its data free',
    async (which, setting) => {
      const place = await mkdtemp(join(tmpdir(), 'tw-'));
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
      const address = taken.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const free = townConfig(place);
      try {
        const config = { ...free, [which]: { ...free[which], port } };
        await expect(startGateway(config, silentEdges)).rejects.toMatchObject({
          code: 'PORT_IN_USE',
          message: expect.stringContaining(setting),
        });
        const gateway = await startGateway(free, silentEdges);
        await gateway.close();
      } finally {
        taken.close();
        await rm(place, { recursive: true, force: true });
      }
    },
  );

  it.each([
    ['mqtt', 'mqtt.host'],
    ['http', 'http.host'],
  ] as const)(
    'on an address for %s that is not this machine’s is refused, naming the setting',
    async (which, setting) => {
      const place = await mkdtemp(join(tmpdir(), 'tw-'));
      const free = townConfig(place);
      try {
        const config = { ...free, [which]: { ...free[which], host: '203.0.113.7' } };
        await expect(startGateway(config, silentEdges)).rejects.toMatchObject({
          code: 'CONFIG_INVALID',
          message: expect.stringContaining(setting),
        });
      } finally {
        await rm(place, { recursive: true, force: true });
      }
    },
  );

  it('for another ledger, or under a name that the ledger does not know, is a wrong configuration', async () => {
    const place = await mkdtemp(join(tmpdir(), 'tw-'));
    const config = townConfig(place);
    try {
      await (await startGateway(config, silentEdges)).close();
      for (const change of [{ ledgerId: 'another' }, { gatewayId: 'another' }]) {
        await expect(startGateway({ ...config, ...change }, silentEdges)).rejects.toMatchObject({
          code: 'CONFIG_INVALID',
          message: expect.stringMatching(/another/),
        });
      }
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  });
});
