import { createServer, type Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { type Broker, createBroker, systemTime } from '@tapwatt/broker';
import { topics } from '@tapwatt/firmware-contracts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock, systemRandom } from '../../../edges/system.ts';
import { createExternalBus, type ExternalBusOptions } from './external-bus.ts';
import { connectDevice, PASSWORD, SITE, until } from './message-bus.fixture.ts';

const SOON = { firstMs: 10, maxMs: 40 };
const names = topics(SITE);
const vch = names.meter('1').down('vch');

const startBroker = async (port = 0): Promise<{ broker: Broker; port: number }> => {
  const broker = await createBroker({
    site: SITE,
    time: systemTime,
    authenticate: async (_identity, secret) => Buffer.from(secret).toString() === PASSWORD,
  });
  onTestFinished(() => broker.close({ deadlineMs: 200 }));
  return { broker, port: (await broker.listen({ host: '127.0.0.1', port })).port };
};

const openBus = async (port: number, options: Partial<ExternalBusOptions> = {}) => {
  const url = `mqtt://127.0.0.1:${port}`;
  const bus = await createExternalBus({
    ...{ url, site: SITE, identity: 'g-own', password: PASSWORD, backoff: SOON },
    ...{ clock: systemClock, random: systemRandom },
    ...options,
  });
  onTestFinished(() => bus.close({ deadlineMs: 200 }));
  return bus;
};

/** A broker that lets everybody in, answers a SUBSCRIBE with `granted` and then says nothing any more. */
const startMute = async (granted: number): Promise<number> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      if (chunk[0] === 0x10) socket.write(Buffer.from([0x20, 2, 0, 0]));
      if (chunk[0] === 0x82)
        socket.write(Buffer.from([0x90, 4, chunk[2] ?? 0, chunk[3] ?? 0, granted, granted]));
    });
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

describe('the message bus over an external broker', () => {
  it('comes back when the broker does, and keeps nothing in between', async () => {
    const { broker, port } = await startBroker();
    let reached = 0;
    const bus = await openBus(port, {
      onReached: () => {
        reached += 1;
      },
    });
    const heard: string[] = [];
    bus.onMessage((_topic, payload) => heard.push(Buffer.from(payload).toString()));
    expect(bus.isReady()).toBe(true);
    await broker.close({ deadlineMs: 200 });
    await until(() => !bus.isReady());
    expect(await bus.publish(vch, Uint8Array.of(1))).toBe('away');
    await startBroker(port);
    await until(() => bus.isReady());
    expect(reached).toBe(2);
    const meter = await connectDevice(port, 'm-1');
    onTestFinished(() => meter.endAsync(true));
    const got: string[] = [];
    meter.on('message', (_topic, payload) => got.push(payload.toString()));
    await meter.subscribeAsync(vch, { qos: 1 });
    await meter.publishAsync(names.meter('1').up('status'), 'hello', { qos: 1 });
    await until(() => heard.length === 1);
    expect(await bus.publish(vch, Buffer.from('again'))).toBe('handed-over');
    await until(() => got.length > 0);
    expect(got).toEqual(['again']);
  });

  it('starts without its broker and finds it later', async () => {
    const { broker, port } = await startBroker();
    await broker.close({ deadlineMs: 200 });
    const bus = await openBus(port);
    expect(bus.isReady()).toBe(false);
    await startBroker(port);
    await until(() => bus.isReady());
  });

  it('goes on asking, and says why, when its password is refused', async () => {
    const { port } = await startBroker();
    const said: string[] = [];
    const warn = (fields: { err?: Error }) => said.push(fields.err?.message ?? '');
    const bus = await openBus(port, { password: 'wrong', log: { info: () => {}, warn } });
    await until(() => said.length >= 3);
    expect(bus.isReady()).toBe(false);
    expect(said[0]).toMatch(/bad username or password/i);
  });

  it('is not ready when the broker refuses its filters', async () => {
    const said: string[] = [];
    const warn = (fields: { err?: Error }) => said.push(fields.err?.message ?? '');
    const bus = await openBus(await startMute(128), { log: { info: () => {}, warn } });
    expect(bus.isReady()).toBe(false);
    expect(said).toHaveLength(1);
  });

  it('says BUSY above its messages in flight, and DEADLINE for those that the broker never acknowledges', async () => {
    const bus = await openBus(await startMute(1), { limits: { maxInFlight: 3, publishDeadlineMs: 100 } });
    const sent = [1, 2, 3].map((n) => bus.publish(vch, Uint8Array.of(n)));
    await expect(bus.publish(vch, Uint8Array.of(4))).rejects.toMatchObject({ code: 'BUSY' });
    for (const publishing of sent) await expect(publishing).rejects.toMatchObject({ code: 'DEADLINE' });
  });

  it('closes in bounded time though the broker is mute', async () => {
    const bus = await openBus(await startMute(1));
    const publishing = bus.publish(vch, Uint8Array.of(1));
    const from = performance.now();
    await bus.close({ deadlineMs: 100 });
    expect(performance.now() - from).toBeLessThan(10_000);
    expect(await publishing).toBe('away');
  });

  it('leaves its last will when it vanishes', async () => {
    const { broker, port } = await startBroker();
    const leg = broker.leg();
    const status = new Promise<string>((resolve) => leg.onMessage((topic) => resolve(topic)));
    const bus = await openBus(port);
    const second = await openBus(port, { backoff: { firstMs: 60_000, maxMs: 60_000 } });
    expect(await status).toBe(names.gateway('own').status);
    expect(second.isReady()).toBe(true);
    await until(() => !bus.isReady());
  });

  it('goes by the way that it is given, again at every attempt', async () => {
    const { broker } = await startBroker();
    const dialled: string[] = [];
    const bus = await openBus(1, {
      url: 'mqtt://somewhere',
      connector({ hostname }) {
        dialled.push(hostname);
        const [near, far] = duplexPair();
        broker.attachStream(far);
        if (dialled.length === 1) near.destroy();
        return near;
      },
    });
    expect(bus.isReady()).toBe(false);
    await until(() => bus.isReady());
    expect(dialled).toEqual(['somewhere', 'somewhere']);
  });

  it('is only for gateways', async () => {
    await expect(openBus(1, { identity: 'm-1' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });
});
