import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { meterId as asMeterId, topics } from '@tapwatt/firmware-contracts';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openTown, type RawHandset, type Town } from './town.ts';
import { until } from './until.ts';

/** CONNACK codes of MQTT 3.1.1: identifier rejected; bad user name or password. */
const NO_IDENTITY = 2;
const NOT_LET_IN = 4;
const REFUSED = 128;

let directory: string;
let town: Town;
let handset: RawHandset;
const clients: MqttClient[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  town = await openTown({ directory, meters: 8, handsets: 2 });
  handset = await town.handset();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.end(true);
});
afterAll(async () => {
  await town?.close();
  await rm(directory, { recursive: true, force: true });
});

/** Connects once; resolves with the client, or with the CONNACK's code when it is refused. */
function login(username: string, password: string, more: IClientOptions = {}): Promise<MqttClient | number> {
  const client = connect({
    host: '127.0.0.1',
    port: town.ports.mqtt,
    protocolVersion: 4,
    clientId: username,
    username,
    password,
    reconnectPeriod: 0,
    connectTimeout: 5_000,
    ...more,
  });
  clients.push(client);
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client));
    client.once('error', (error) => ('code' in error ? resolve(Number(error.code)) : reject(error)));
  });
}

async function loggedIn(username: string, password: string): Promise<MqttClient> {
  const client = await login(username, password);
  if (typeof client === 'number') throw new Error(`Login of ${username} was refused with ${client}.`);
  return client;
}

const entries = () => {
  const [meter, otherMeter] = town.fleet.meters.slice(-2);
  const [first, second] = town.fleet.handsets;
  if (meter === undefined || otherMeter === undefined || first === undefined || second === undefined)
    throw new Error('The fleet is too small.');
  return { meter, otherMeter, first, second };
};

describe('an MQTT login', () => {
  it('with a wrong password, or none, is refused', async () => {
    const { meter, otherMeter, first } = entries();
    expect(await login(meter.identity, 'wrong')).toBe(NOT_LET_IN);
    expect(await login(meter.identity, '')).toBe(NOT_LET_IN);
    expect(await login(meter.identity, otherMeter.password)).toBe(NOT_LET_IN);
    expect(await login(meter.identity, first.password)).toBe(NOT_LET_IN);
    expect(await login(meter.identity, meter.password)).toHaveProperty('connected', true);
  });

  it('of somebody who is not registered, or of no kind, is refused', async () => {
    const { meter } = entries();
    for (const name of ['m-987654321', 'h-nobody', 'g-gateway', 'root', 'm-', `m-0${meter.meterId}`]) {
      expect([NO_IDENTITY, NOT_LET_IN], name).toContain(await login(name, meter.password));
    }
  });

  it('under another client id than the name is refused', async () => {
    const { meter } = entries();
    const refused = await login(meter.identity, meter.password, { clientId: 'm-1' });
    expect(typeof refused).toBe('number');
  });

  it('of a suspended meter is refused until the suspension is lifted', async () => {
    const { otherMeter } = entries();
    const { meterId, identity, password } = otherMeter;
    const suspend = (suspended: boolean) =>
      town.order('discom', 'Suspend', { meterId, suspended, reason: 'test' });
    expect(await suspend(true)).toBeUndefined();
    expect(await login(identity, password)).toBe(NOT_LET_IN);
    const wish = { op: 'issue', walletId: 'wallet-1', meterId, amount: '500', deliver: true } as const;
    expect(await handset.askUntil(wish, 'refused')).toMatchObject({ code: 'METER_STATE' });
    expect(await suspend(false)).toBeUndefined();
    expect(await login(identity, password)).toHaveProperty('connected', true);
  });
});

describe('a handset that listens where it may not', () => {
  it('hears nothing of another handset’s results', async () => {
    const { first, second } = entries();
    const spy = await loggedIn(second.identity, second.password);
    const heard: string[] = [];
    spy.on('message', (topic) => heard.push(topic));
    const site = topics(town.fleet.site);
    for (const filter of [site.handset(first.id).result, 'tw/v1/#', '#', `tw/v1/home/h/+/dn/res`]) {
      const [grant] = await spy.subscribeAsync(filter, { qos: 1 }).catch(() => [{ qos: REFUSED }]);
      expect(grant?.qos, filter).toBe(REFUSED);
    }
    const own = site.handset(second.id).result;
    await spy.subscribeAsync(own, { qos: 1 });
    const meter = await town.meter();
    const wish = {
      op: 'issue',
      walletId: 'wallet-1',
      meterId: meter.meterId,
      amount: '500',
      deliver: true,
    } as const;
    await handset.askUntil(wish, 'settled');
    // Its own answer comes after whatever it might have overheard.
    await spy.publishAsync(site.handset(second.id).request, 'garbage', { qos: 1 });
    await until('its own answer', () => heard.includes(own) || undefined);
    expect(heard).toEqual([own]);
  });
});

describe('somebody who speaks where he may not', () => {
  it('is not heard: neither a handset as a meter, nor a meter as the gateway', async () => {
    const { second, meter: thief } = entries();
    const meter = await town.meter();
    const own = topics(town.fleet.site).meter(asMeterId(meter.meterId));
    const { voucherId, voucher } = await handset.buy(meter.meterId);
    await handset.askUntil({ op: 'redeem', voucher }, 'settled');
    await until('the acknowledgement', () => meter.acknowledged === 1 || undefined);
    // A meter answers to every voucher that it hears, to one that it has credited before too.
    const before = meter.receipts().length;
    const attempts: [string, string, string, Uint8Array][] = [
      [second.identity, second.password, own.down('vch'), Buffer.from(voucher, 'hex')],
      [second.identity, second.password, own.up('status'), meter.said('status')[0] ?? new Uint8Array()],
      [thief.identity, thief.password, own.down('ack'), new Uint8Array(28)],
      [thief.identity, thief.password, topics(town.fleet.site).handset(second.id).result, Buffer.from('{}')],
    ];
    for (const [identity, password, topic, payload] of attempts) {
      const client = await loggedIn(identity, password);
      const gone = new Promise<'closed'>((resolve) => client.once('close', () => resolve('closed')));
      const published = client.publishAsync(topic, Buffer.from(payload), { qos: 1 }).then(
        () => 'taken' as const,
        () => 'failed' as const,
      );
      await Promise.race([gone, published]);
      client.end(true);
    }
    await handset.askUntil({ op: 'balance', walletId: 'wallet-1' }, 'ok');
    expect(meter.receipts()).toHaveLength(before);
    expect(await town.voucher(voucherId)).toMatchObject({ status: 'REDEEMED' });
    expect(meter.credited).toBe(500n);
    expect(meter.acknowledged).toBe(1);
  });
});

describe('a meter that speaks and does not listen', () => {
  it('is not shown as connected', async () => {
    const { meter } = entries();
    const said = topics(town.fleet.site).meter(asMeterId(meter.meterId));
    const path = `/api/v1/meters/${meter.meterId}`;
    const isShown = async () => (await town.get<{ live?: { connected: boolean } }>(path)).live?.connected;
    const client = await loggedIn(meter.identity, meter.password);
    await client.publishAsync(said.up('evt'), '{"at":1,"kind":"power"}', { qos: 1 });
    await client.publishAsync(said.up('tele'), '{"balance":"500"}', { qos: 1 });
    await client.publishAsync(said.up('rcpt'), Buffer.alloc(128), { qos: 1 });
    expect(await isShown()).not.toBe(true);
    await client.subscribeAsync(said.down('vch'), { qos: 1 });
    await until('it to be shown', async () => (await isShown()) || undefined);
    await client.endAsync();
    await until('it to be away', async () => (await isShown()) === false || undefined);
  });
});
