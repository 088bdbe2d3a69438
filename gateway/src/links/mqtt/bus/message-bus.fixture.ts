import { topics } from '@tapwatt/firmware-contracts';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { MessageBus } from './message-bus.ts';

export const SITE = 'conformance';
export const PASSWORD = 'right';
/** Who talks in the suite; an external broker has to be told of them. */
export const IDENTITIES = ['m-1', 'm-2', 'h-agent', 'g-own', 'g-other'] as const;

/** One bus and the broker behind it. */
export interface Fixture {
  readonly bus: MessageBus;
  readonly port: number;
  stop(): Promise<void>;
}

const names = topics(SITE);
const vch = (id: string) => names.meter(id).down('vch');
const MESSAGES = 500;

/** What every message bus must do, over a real broker and real MQTT clients. */
export const describeMessageBus = (
  name: string,
  start: () => Promise<Fixture>,
  knowsPresence: boolean,
): void => {
  describe(`the message bus over ${name}`, () => {
    const open: { stop(): Promise<unknown> }[] = [];

    const started = async (): Promise<Fixture> => {
      const fixture = await start();
      open.push(fixture);
      return fixture;
    };

    const device = async (port: number, identity: string, filters: string[] = []) => {
      const client = await connectDevice(port, identity);
      open.push({ stop: () => client.endAsync(true) });
      const got: [string, string][] = [];
      client.on('message', (topic, payload) => got.push([topic, payload.toString('hex')]));
      if (filters.length > 0) await client.subscribeAsync(filters, { qos: 1 });
      return { client, got };
    };

    afterEach(async () => {
      for (const each of open.splice(0).reverse()) await each.stop();
    });

    it('carries a message to the one device that its topic names', async () => {
      const { bus, port } = await started();
      const one = await device(port, 'm-1', [names.meter('1').downFilter]);
      const two = await device(port, 'm-2', [names.meter('2').downFilter]);
      const whole = Uint8Array.from({ length: 100 }, (_, n) => n);
      const frame = whole.subarray(14, 86);
      expect(await bus.publish(vch('1'), frame)).toBe('handed-over');
      expect(await bus.publish(vch('2'), frame.subarray(0, 1))).toBe('handed-over');
      await until(() => one.got.length + two.got.length === 2);
      expect(one.got).toEqual([[vch('1'), Buffer.from(frame).toString('hex')]]);
      expect(two.got).toEqual([[vch('2'), '0e']]);
    });

    it('hears meters and handsets, and knows who speaks', async () => {
      const { bus, port } = await started();
      const heard: string[] = [];
      bus.onMessage((topic, payload, from) => heard.push(`${from} ${topic} ${Buffer.from(payload)}`));
      const { client: meter } = await device(port, 'm-1');
      const { client: handset } = await device(port, 'h-agent');
      await meter.publishAsync(names.meter('1').up('rcpt'), 'receipt', { qos: 1 });
      await handset.publishAsync(names.handset('agent').request, 'request', { qos: 1 });
      await until(() => heard.length === 2);
      expect(heard.toSorted()).toEqual([
        `h-agent ${names.handset('agent').request} request`,
        `m-1 ${names.meter('1').up('rcpt')} receipt`,
      ]);
    });

    it('says that an identity is there once it listens and has spoken', async () => {
      const { bus, port } = await started();
      const said: string[] = [];
      bus.onPresence((identity, connected) => said.push(`${identity} ${connected}`));
      const { client } = await device(port, 'm-1', [names.meter('1').downFilter]);
      await client.publishAsync(names.meter('1').up('status'), 'status', { qos: 1 });
      await client.publishAsync(names.meter('1').up('status'), 'status', { qos: 1 });
      await until(() => said.length > 0);
      expect(said).toEqual(['m-1 true']);
      expect(bus.isConnected('m-1')).toBe(knowsPresence ? true : undefined);
      expect(bus.isConnected('m-2')).toBe(knowsPresence ? false : undefined);
    });

    it('takes what nobody listens to without an error', async () => {
      const { bus } = await started();
      expect(await bus.publish(vch('2'), Uint8Array.of(1))).toBe(knowsPresence ? 'away' : 'handed-over');
    });

    it('keeps the gateway’s status for those who come later', async () => {
      const { bus, port } = await started();
      const { status } = names.gateway('own');
      await bus.publish(status, Buffer.from('up'), { retain: true });
      const other = await device(port, 'g-other', [`tw/v1/${SITE}/g/+/status`]);
      await until(() => other.got.length === 1);
      expect(other.got).toEqual([[status, Buffer.from('up').toString('hex')]]);
    });

    it.each([
      ['a device’s own topic', names.meter('1').up('rcpt'), false],
      ['a retained voucher', vch('1'), true],
      ['another site', 'tw/v1/elsewhere/m/1/dn/vch', false],
      ['a wildcard', `tw/v1/${SITE}/m/+/dn/vch`, false],
    ])('does not publish on %s', async (_name, topic, retain) => {
      const { bus } = await started();
      const publishing = bus.publish(topic, Uint8Array.of(1), { retain });
      await expect(publishing).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    });

    it(`carries ${MESSAGES} messages at once`, async () => {
      const { bus, port } = await started();
      const { got } = await device(port, 'm-1', [names.meter('1').downFilter]);
      const sent = Array.from({ length: MESSAGES }, (_, n) =>
        bus.publish(vch('1'), Uint8Array.of(n >> 8, n)),
      );
      expect(new Set(await Promise.all(sent))).toEqual(new Set(['handed-over']));
      await until(() => got.length === MESSAGES);
      expect(new Set(got.map(([, payload]) => payload)).size).toBe(MESSAGES);
    });

    it('answers away once it is closed', async () => {
      const { bus, port } = await started();
      await device(port, 'm-1', [names.meter('1').downFilter]);
      await bus.close({ deadlineMs: 1_000 });
      expect(await bus.publish(vch('1'), Uint8Array.of(1))).toBe('away');
    });
  });
};

export const connectDevice = (port: number, identity: string): Promise<MqttClient> =>
  connectAsync(`mqtt://127.0.0.1:${port}`, {
    clientId: identity,
    username: identity,
    password: PASSWORD,
    protocolVersion: 4,
    reconnectPeriod: 0,
  });

export const until = (reached: () => boolean): Promise<boolean> =>
  vi.waitUntil(reached, { timeout: 10_000, interval: 5 });
