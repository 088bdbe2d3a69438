import { once } from 'node:events';
import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../observability/logger.ts';
import { socketGuard } from './access.ts';
import { createHttpApp } from './app.ts';
import { createDeltaBuffer, MAX_DELTA_METERS, MAX_DELTA_VOUCHERS } from './delta-buffer.ts';
import type { EventLimits } from './routes-events.ts';
import { type ScriptedServices, scriptedServices } from './testing/scripted-services.ts';

const FAST: EventLimits = {
  maxClients: 2,
  flushMs: 5,
  overviewMs: 10,
  stalledMs: 40,
  maxUnreadBytes: 65_536,
};

let services: ScriptedServices;
let app: FastifyInstance;
let address: string;
beforeEach(async () => {
  services = scriptedServices();
  const log = createLogger({ level: 'silent', destination: { write: () => {} } });
  app = createHttpApp({ services, log, guard: socketGuard, eventLimits: FAST });
  address = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => app.close());

async function* events(response: Response): AsyncGenerator<{ event: string; data: Record<string, unknown> }> {
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString('utf8');
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const [event, data] = part.split('\n').map((line) => line.slice(line.indexOf(':') + 2));
      yield { event: event ?? '', data: JSON.parse(data ?? '{}') };
    }
  }
}

describe('the live events', () => {
  it('begin with a snapshot, go on with what changed, and end with the server', async () => {
    services.board.voucherAdvanced({ voucherId: 'v1', meterId: '7', stage: 'issued', atMs: 1 });
    const stream = events(await fetch(`${address}/api/v1/events`));
    const snapshot = (await stream.next()).value;
    expect(snapshot).toMatchObject({
      event: 'snapshot',
      data: { vouchers: [{ voucherId: 'v1' }], gateway: { site: 'home' } },
    });
    services.board.meterSeen({ meterId: '7', connected: true });
    services.board.voucherAdvanced({ voucherId: 'v1', meterId: '7', stage: 'on-meter', atMs: 2 });
    const seen = new Map<string, Record<string, unknown>>();
    while (!seen.has('delta') || !seen.has('overview')) {
      const { value } = await stream.next();
      // An overview of before the change says nothing of it.
      if (value?.event === 'delta') seen.delete('overview');
      if (value !== undefined) seen.set(value.event, value.data);
    }
    expect(seen.get('delta')).toMatchObject({
      meters: [{ meterId: '7' }],
      vouchers: [{ stage: 'on-meter' }],
      stale: false,
    });
    expect(seen.get('overview')).toMatchObject({ counters: { metersConnected: 1 } });
    await app.close();
    for await (const _ of stream);
  });

  it('are refused to more pages than it can serve, and served again when one has left', async () => {
    const leave = new AbortController();
    const first = await fetch(`${address}/api/v1/events`, { signal: leave.signal });
    const second = await fetch(`${address}/api/v1/events`);
    expect((await fetch(`${address}/api/v1/events`)).status).toBe(503);
    leave.abort();
    await expect(first.text()).rejects.toThrow();
    let status = 503;
    for (let n = 0; n < 200 && status !== 200; n += 1) {
      const third = await fetch(`${address}/api/v1/events`);
      status = third.status;
      await third.body?.cancel();
    }
    expect(status).toBe(200);
    await second.body?.cancel();
  });

  it('drop a page that stopped reading, and hold nothing for it', async () => {
    const { port } = new URL(address);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    socket.pause();
    const closed = once(socket, 'close');
    const noise = setInterval(() => {
      for (let n = 0; n < 250; n += 1) {
        services.board.meterSeen({ meterId: String(n), connected: true, flags: ['x'.repeat(500)] });
      }
    }, 1);
    const left = new Promise<void>((resolve) => {
      const poll = setInterval(() => {
        app.server.getConnections((_, count) => count === 0 && resolve(clearInterval(poll)));
      }, 10);
    });
    await left;
    clearInterval(noise);
    socket.destroy();
    await closed;
  });
});

describe('the delta buffer', () => {
  it('keeps the newest state of each thing only, and says when meters did not fit', () => {
    const buffer = createDeltaBuffer();
    expect(buffer.take()).toBeUndefined();
    for (let n = 0; n < 1_000; n += 1) {
      buffer.add({ type: 'meter', meter: { meterId: String(n), connected: true } });
      buffer.add({
        type: 'voucher',
        voucher: { voucherId: String(n), meterId: '1', stage: 'issued', times: {} },
      });
      buffer.add({ type: 'meter', meter: { meterId: '0', connected: false } });
    }
    const delta = buffer.take();
    expect(delta?.meters).toHaveLength(MAX_DELTA_METERS);
    expect(delta?.meters[0]).toEqual({ meterId: '0', connected: false });
    expect(delta?.vouchers).toHaveLength(MAX_DELTA_VOUCHERS);
    expect(delta?.vouchers.at(-1)?.voucherId).toBe('999');
    expect(delta?.stale).toBe(true);
    expect(buffer.take()).toBeUndefined();
  });
});
