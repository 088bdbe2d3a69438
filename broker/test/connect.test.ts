import { describe, expect, it } from 'vitest';
import { eventually, kept, root, site, start } from './harness.ts';
import { connect, DISCONNECT, PINGREQ, publish, publishWith, unsubscribe } from './packets.ts';
import { RawClient } from './raw-client.ts';

const METER = { clientId: 'm-1' };
const REFUSED = { identifier: 2, unavailable: 3, credentials: 4, notAuthorized: 5 };

describe('a CONNECT', () => {
  it.each([
    ['a wrong password', { clientId: 'm-1', password: 'wrong' }, REFUSED.credentials],
    ['a client id that is not the user name', { clientId: 'm-1', username: 'm-2' }, REFUSED.identifier],
    ['a user name that is nobody’s', { clientId: 'root' }, REFUSED.identifier],
    ['a meter number with a leading zero', { clientId: 'm-01' }, REFUSED.identifier],
    ['an empty client id', { clientId: '', username: 'm-1' }, REFUSED.identifier],
    ['no keep-alive', { clientId: 'm-1', keepalive: 0 }, REFUSED.identifier],
    ['a keep-alive of a day', { clientId: 'm-1', keepalive: 65_535 }, REFUSED.identifier],
    ['MQTT 5', { clientId: 'm-1', level: 5 }, 'closed' as const],
  ])('with %s is refused', async (_name, fields, code) => {
    const { port } = await start();
    const client = kept(await RawClient.tcp(port));
    expect(await client.connect(fields)).toBe(code);
    await client.closed;
  });

  it('may have a will where the client may publish, and only there', async () => {
    const { broker, port } = await start();
    const status = site.gateway('spare').status;
    const will = { topic: status, payload: 'gone', retain: true };
    const gateway = await RawClient.device(port, { clientId: 'g-spare', will });
    gateway.stream.destroy();
    const other = kept(await RawClient.device(port, { clientId: 'g-other' }, [`${root}/g/+/status`]));
    expect(await other.received(1)).toMatchObject([{ topic: status, payload: 'gone' }]);
    const liar = kept(await RawClient.tcp(port));
    expect(await liar.connect({ clientId: 'm-1', will })).toBe(REFUSED.notAuthorized);
    const forger = kept(await RawClient.tcp(port));
    const forged = { topic: site.meter('2').up('evt'), payload: '{}' };
    expect(await forger.connect({ clientId: 'm-1', will: forged })).toBe(REFUSED.notAuthorized);
    expect(broker.stats().refused).toMatchObject({ 'connect-5': 2 });
  });

  it('that never comes ends the connection after connectTimeoutMs', async () => {
    const { port } = await start({ limits: { connectTimeoutMs: 100 } });
    await kept(await RawClient.tcp(port)).closed;
  });

  it('whose authentication never ends is given up after connectTimeoutMs', async () => {
    const { broker, port } = await start({
      limits: { connectTimeoutMs: 100 },
      authenticate: () => new Promise(() => {}),
    });
    const client = kept(await RawClient.tcp(port));
    expect(await client.connect(METER)).toBe('closed');
    await eventually(() => broker.stats().connections === 0);
  });

  it('whose authentication fails is refused as unavailable', async () => {
    const { port } = await start({ authenticate: () => Promise.reject(new Error('no ledger')) });
    const client = kept(await RawClient.tcp(port));
    expect(await client.connect(METER)).toBe(REFUSED.unavailable);
  });

  it('with a wrong password does not end the session of the identity', async () => {
    const { port } = await start();
    const meter = kept(await RawClient.device(port, METER));
    const thief = kept(await RawClient.tcp(port));
    expect(await thief.connect({ ...METER, password: 'wrong' })).toBe(REFUSED.credentials);
    meter.send(PINGREQ);
    expect(await meter.packet(13)).toBeDefined();
  });

  it('is followed by at most 16 KiB until its answer', async () => {
    const { broker, port } = await start({ authenticate: () => new Promise(() => {}) });
    const client = kept(await RawClient.tcp(port));
    client.send(
      Buffer.concat([connect(METER), Buffer.alloc(20_000, publish(site.meter('1').up('evt'), 'x'))]),
    );
    await client.closed;
    expect(broker.stats().refused).toEqual({ 'early-bytes': 1 });
  });

  it('beyond maxConnections is not even read', async () => {
    const { broker, port } = await start({ limits: { maxConnections: 1 } });
    const first = kept(await RawClient.device(port, METER));
    const second = kept(await RawClient.tcp(port));
    await second.closed;
    first.stream.destroy();
    await eventually(() => broker.stats().connections === 0);
    kept(await RawClient.device(port, METER));
  });

  it('finds a place beside maxConnecting idle connections only when one of them is let in', async () => {
    const { port } = await start({ limits: { maxConnecting: 1 } });
    const idle = kept(await RawClient.tcp(port));
    const second = kept(await RawClient.tcp(port));
    await second.closed;
    expect(await idle.connect({ clientId: 'm-2' })).toBe(0);
    kept(await RawClient.device(port, METER));
  });
});

describe('a client that was let in', () => {
  it.each([
    ['publishes retained', publishWith(0x33, site.meter('1').up('status'), 'kept')],
    ['publishes with QoS 2', publishWith(0x34, site.meter('1').up('rcpt'), 'twice')],
    ['publishes where the gateway does', publish(site.meter('1').down('vch'), 'voucher')],
    ['publishes to $SYS', publish('$SYS/x/new/clients', 'm-2')],
    ['connects a second time', connect(METER)],
  ])('is cut when it %s', async (_name, bytes) => {
    const { broker, port } = await start();
    const heard: string[] = [];
    broker.leg().onMessage((topic) => heard.push(topic));
    const meter = kept(await RawClient.device(port, METER));
    meter.send(bytes);
    await meter.closed;
    expect(heard).toEqual([]);
  });

  it('is cut after one and a half keep-alives of silence', async () => {
    const { port } = await start({ limits: { minKeepaliveS: 1 } });
    const meter = kept(await RawClient.device(port, { ...METER, keepalive: 1 }));
    await meter.closed;
  });

  it('is slowed down, not cut, above its rate', async () => {
    const rates = { meter: 100, handset: 100, gateway: 100 };
    const { broker, port } = await start({ limits: { inboundPerSecond: rates, inboundBurstS: 0.1 } });
    const meter = kept(await RawClient.device(port, METER));
    const from = performance.now();
    const sent = Array.from({ length: 40 }, (_, n) => publish(site.meter('1').up('evt'), '{}', 1 + n));
    meter.send(Buffer.concat(sent));
    await meter.until(() => meter.packets.length === sent.length);
    expect(performance.now() - from).toBeGreaterThan(250);
    expect(broker.stats()).toMatchObject({ received: sent.length, refused: {} });
  });

  it('is not slowed down without a rate', async () => {
    const rates = { meter: Number.POSITIVE_INFINITY, handset: 100, gateway: 100 };
    const { port } = await start({ limits: { inboundPerSecond: rates } });
    const meter = kept(await RawClient.device(port, METER));
    const from = performance.now();
    const sent = Array.from({ length: 1_000 }, (_, n) => publish(site.meter('1').up('evt'), '{}', 1 + n));
    meter.send(Buffer.concat(sent));
    await meter.until(() => meter.packets.length === sent.length);
    // At the others' rate it would be ten seconds.
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});

describe('presence', () => {
  const watched = async () => {
    const { broker, port } = await start();
    const leg = broker.leg();
    const said: [string, boolean][] = [];
    leg.onPresence((identity, connected) => said.push([identity, connected]));
    return { broker, port, leg, said };
  };

  it('is said when the identity can be reached, and when it is gone', async () => {
    const { port, leg, said } = await watched();
    const vch = site.meter('1').down('vch');
    const meter = kept(await RawClient.device(port, METER));
    expect(said).toEqual([]);
    await expect(leg.publish(vch, Buffer.from('too early'))).resolves.toBe('away');
    await meter.subscribe([vch]);
    expect(said).toEqual([['m-1', true]]);
    expect(leg.isConnected('m-1')).toBe(true);
    meter.send(DISCONNECT);
    await meter.closed;
    await eventually(() => said.length === 2);
    expect(said).toEqual([
      ['m-1', true],
      ['m-1', false],
    ]);
    expect(leg.isConnected('m-1')).toBe(false);
    await expect(leg.publish(vch, Buffer.from('too late'))).resolves.toBe('away');
  });

  it('of who is listening already is told to a new leg', async () => {
    const { broker, port } = await watched();
    kept(await RawClient.device(port, METER, [site.meter('1').downFilter]));
    const said: string[] = [];
    broker.leg().onPresence((identity) => said.push(identity));
    expect(said).toEqual(['m-1']);
  });

  it('says a takeover as a new beginning and not as an end', async () => {
    const { port, leg, said } = await watched();
    const vch = site.meter('1').down('vch');
    const first = kept(await RawClient.device(port, METER, [vch]));
    const second = kept(await RawClient.device(port, METER, [vch]));
    await first.closed;
    expect(said).toEqual([
      ['m-1', true],
      ['m-1', true],
    ]);
    await expect(leg.publish(vch, Buffer.from('voucher'))).resolves.toBe('handed-over');
    expect(await second.received(1)).toHaveLength(1);
    expect(first.messages).toEqual([]);
  });

  it('is not true for a topic that the client unsubscribed from', async () => {
    const { port, leg } = await watched();
    const meter = site.meter('1');
    const client = kept(await RawClient.device(port, METER, [meter.down('vch'), meter.down('ack')]));
    client.send(unsubscribe([meter.down('vch')]));
    await client.packet(11);
    await expect(leg.publish(meter.down('vch'), Buffer.from('voucher'))).resolves.toBe('away');
    await expect(leg.publish(meter.down('ack'), Buffer.from('ack'))).resolves.toBe('handed-over');
  });
});

describe('the leg', () => {
  it('keeps a gateway’s status for those who subscribe later', async () => {
    const { broker, port } = await start();
    const status = site.gateway('own').status;
    await broker.leg().publish(status, Buffer.from('ready'), { retain: true });
    const other = kept(await RawClient.device(port, { clientId: 'g-other' }, [`${root}/g/+/status`]));
    expect(await other.received(1)).toEqual([{ topic: status, payload: 'ready', retain: true, qos: 1 }]);
  });

  it.each([
    ['a meter’s own topic', site.meter('1').up('rcpt'), false],
    ['a retained voucher', site.meter('1').down('vch'), true],
    ['a topic of another site', 'tw/v1/elsewhere/m/1/dn/vch', false],
  ])('does not publish %s', async (_name, topic, retain) => {
    const { broker } = await start();
    const publishing = broker.leg().publish(topic, Buffer.from('x'), { retain });
    await expect(publishing).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('survives a handler that throws', async () => {
    const { broker, port } = await start();
    broker.leg().onMessage(() => {
      throw new Error('a bug');
    });
    const meter = kept(await RawClient.device(port, METER));
    meter.send(publish(site.meter('1').up('evt'), '{}', 3));
    expect(await meter.packet(4)).toBeDefined();
  });
});

describe('closing', () => {
  it('lets what was written leave, ends every client and frees the port', async () => {
    const { broker, port } = await start();
    const leg = broker.leg();
    const meter = kept(await RawClient.device(port, METER, [site.meter('1').downFilter]));
    await leg.publish(site.meter('1').down('vch'), Buffer.alloc(50_000, 'v'));
    await broker.close({ deadlineMs: 2_000 });
    await meter.closed;
    expect(meter.messages[0]?.payload).toHaveLength(50_000);
    await expect(RawClient.tcp(port)).rejects.toThrow();
    await expect(leg.publish(site.meter('1').down('vch'), Buffer.from('x'))).resolves.toBe('away');
  });

  it('does not wait for a frozen client beyond its deadline', async () => {
    const { broker, port } = await start({ limits: { maxPendingBytes: 50_000_000, busyBytes: 40_000_000 } });
    const leg = broker.leg();
    const meter = kept(await RawClient.device(port, METER, [site.meter('1').downFilter]));
    meter.stream.pause();
    for (let n = 0; n < 300; n++) await leg.publish(site.meter('1').down('cfg'), Buffer.alloc(60_000));
    const from = performance.now();
    await broker.close({ deadlineMs: 200 });
    expect(performance.now() - from).toBeLessThan(1_000);
    await eventually(() => broker.stats().connections === 0);
  });

  it('says so when the port is taken', async () => {
    const { port } = await start();
    const { broker } = await start();
    await expect(broker.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  });
});
