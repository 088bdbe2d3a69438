import { duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Cures } from '../src/cures.ts';
import { eventually, FAST, kept, root, site, start, within } from './harness.ts';
import { connect, DISCONNECT, frame, publish, subscribe, text, uint16 } from './packets.ts';
import { RawClient } from './raw-client.ts';

/**
 * Every cure twice: with it the broker holds, without it the fault of aedes 1.2.0 shows. The second half keeps the
 * first honest, and says when a later aedes has made a cure superfluous.
 */
const cured = (cure: keyof Cures, name: string, run: (cures: Partial<Cures>, on: boolean) => Promise<void>) =>
  describe(name, () => {
    it(`holds with ${cure}`, () => run({}, true));
    it(`shows the fault without ${cure}`, () => run({ [cure]: false }, false));
  });

const METER = { clientId: 'm-1' };
const GATEWAY = { clientId: 'g-spare' };
const vch = (id: string) => site.meter(id).down('vch');
const CLAIM_256_MB = Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]);
/** Long enough on a busy machine where something must come, short where nothing may. */
const patienceMs = (on: boolean) => (on ? 10_000 : 300);

cured('frameGuard', 'a claim of 256 MB before CONNECT', async (cures, on) => {
  const { port } = await start({ cures });
  const client = kept(await RawClient.tcp(port));
  client.send(CLAIM_256_MB);
  client.send(Buffer.alloc(4 * 1024 * 1024));
  expect(await within(client.closed, patienceMs(on))).toBe(on ? undefined : 'late');
});

cured('frameGuard', 'a claim of 256 MB by a client that was let in', async (cures, on) => {
  const { port } = await start({ cures });
  const client = kept(await RawClient.device(port, METER));
  client.send(Buffer.concat([Buffer.from([0x32, 0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(1024 * 1024)]));
  expect(await within(client.closed, patienceMs(on))).toBe(on ? undefined : 'late');
});

cured('frameGuard', 'a SUBSCRIBE with nine filters', async (cures, on) => {
  const { port } = await start({ cures });
  const client = kept(await RawClient.device(port, METER));
  client.send(subscribe(Array.from({ length: 9 }, (_, n) => vch(String(n + 1)))));
  expect(await within(client.closed, patienceMs(on))).toBe(on ? undefined : 'late');
});

cured('denyByDefault', 'a meter that publishes in the name of another', async (cures, on) => {
  const { broker, port } = await start({ cures });
  const heard: string[] = [];
  broker.leg().onMessage((topic) => heard.push(topic));
  const meter = kept(await RawClient.device(port, METER));
  meter.send(publish(site.meter('2').up('rcpt'), 'forged'));
  await (on ? meter.closed : meter.packet(4));
  expect(heard).toEqual(on ? [] : [site.meter('2').up('rcpt')]);
});

cured('denyByDefault', 'a filter that the rules do not name', async (cures, on) => {
  const { port } = await start({ cures });
  const meter = kept(await RawClient.device(port, METER));
  expect(await meter.subscribe(['#', `${root}/m/+/dn/vch`, vch('2'), vch('1')])).toEqual(
    on ? [128, 128, 128, 1] : [1, 1, 1, 1],
  );
});

cured('forwardRules', 'a refused filter of a persistent session after a reconnect', async (cures, on) => {
  const { port } = await start({ cures: { ...cures, cleanSessions: false } });
  const spy = { clientId: 'h-spy', clean: false };
  const first = await RawClient.device(port, spy);
  expect(await first.subscribe([site.meter('1').up('rcpt'), site.handset('spy').result])).toEqual([128, 1]);
  first.send(DISCONNECT);
  await first.closed;
  const meter = kept(await RawClient.device(port, METER));
  meter.send(publish(site.meter('1').up('rcpt'), 'secret'));
  await meter.packet(4);
  const second = kept(await RawClient.device(port, spy));
  const gateway = kept(await RawClient.device(port, GATEWAY));
  gateway.send(publish(site.handset('spy').result, 'own'));
  await second.until(() => second.messages.some(({ payload }) => payload === 'own'));
  expect(second.messages.map(({ payload }) => payload)).toEqual(on ? ['own'] : ['secret', 'own']);
});

cured('cleanSessions', 'messages for a persistent session that is away', async (cures, on) => {
  const { port } = await start({ cures, limits: FAST });
  const sleeper = { clientId: 'm-1', clean: false };
  const first = await RawClient.device(port, sleeper, [vch('1')]);
  first.send(DISCONNECT);
  await first.closed;
  const gateway = kept(await RawClient.device(port, GATEWAY));
  const sent = 2_000;
  gateway.send(Buffer.concat(Array.from({ length: sent }, (_, n) => publish(vch('1'), 'queued', 1 + n))));
  await gateway.until(() => gateway.packets.length >= sent);
  const second = kept(await RawClient.tcp(port));
  await second.connect(sleeper);
  if (on) await second.subscribe([vch('1')]);
  else await second.received(sent);
  expect(second.messages).toHaveLength(on ? 0 : sent);
});

describe('three connections of one identity that come together', () => {
  /** Who is still connected at the end, whether the leg reaches it, and what presence said. */
  const together = async (cures: Partial<Cures>) => {
    const { broker } = await start({ cures });
    const leg = broker.leg();
    const presence: boolean[] = [];
    leg.onPresence((_identity, connected) => presence.push(connected));
    const attached = () => {
      const [ours, theirs] = duplexPair();
      broker.attachStream(theirs);
      return kept(new RawClient(ours));
    };
    const first = attached();
    await first.connect(METER);
    await first.subscribe([vch('1')]);
    const others = [attached(), attached(), attached()];
    for (const client of others) client.send(Buffer.concat([connect(METER), subscribe([vch('1')])]));
    await first.closed;
    const ends = cures.orderedTakeover === false ? 1 : 2;
    await eventually(() => others.filter((client) => client.isClosed).length >= ends);
    const last = others.filter((client) => !client.isClosed);
    await Promise.all(last.map((client) => client.packet(9)));
    const handover = await leg.publish(vch('1'), Buffer.from('voucher'));
    await Promise.all(
      last.map((client) => within(client.received(1), patienceMs(cures.orderedTakeover !== false))),
    );
    return { presence, reached: last.map(({ messages }) => messages.length), handover };
  };

  it('end as one that the leg reaches, never said to be gone, with orderedTakeover', async () => {
    const { presence, reached, handover } = await together({});
    expect({ reached, handover }).toEqual({ reached: [1], handover: 'handed-over' });
    expect(presence).not.toContain(false);
  });

  it('leave open connections that nobody reaches without orderedTakeover', async () => {
    const { reached, presence } = await together({ orderedTakeover: false });
    expect(reached).not.toEqual([1]);
    expect(presence).toContain(false);
  });
});

describe('a message right after a PUBACK', () => {
  /** The median time from a meter's message until its PUBACK and the gateway's answer are both there. */
  const answeredMs = async (noDelay: boolean): Promise<number> => {
    const { broker, port } = await start({ cures: { noDelay } });
    const leg = broker.leg();
    leg.onMessage(async () => {
      await meter.packet(4);
      await leg.publish(vch('1'), Buffer.from('answer'));
    });
    const meter = kept(await RawClient.device(port, METER, [vch('1')]));
    meter.acknowledges = false;
    const times: number[] = [];
    for (let round = 1; round <= 25; round++) {
      const from = performance.now();
      meter.send(publish(site.meter('1').up('rcpt'), 'receipt', round));
      await meter.received(round);
      times.push(performance.now() - from);
    }
    return times.sort((a, b) => a - b)[12] ?? 0;
  };

  it('leaves at once with noDelay, and without it waits for the other side’s acknowledgement', async () => {
    expect(await answeredMs(true)).toBeLessThan((await answeredMs(false)) / 2);
  });
});

describe('what the frame guard passes', () => {
  it('is a frame that came byte by byte', async () => {
    const { port } = await start();
    const meter = kept(await RawClient.device(port, METER));
    for (const byte of publish(site.meter('1').up('evt'), 'slow', 5)) meter.send(Buffer.from([byte]));
    expect((await meter.packet(4))?.body.readUInt16BE()).toBe(5);
  });

  it.each([
    ['a packet before CONNECT', Buffer.from([0xc0, 0])],
    ['a CONNECT above 4 KiB', frame(0x10, Buffer.alloc(4097))],
    ['an endless length', Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80, 0x01])],
  ])('is not %s', async (_name, bytes) => {
    const { port } = await start();
    const client = kept(await RawClient.tcp(port));
    client.send(bytes);
    await client.closed;
  });

  it.each([
    ['a packet that only brokers send', Buffer.from([0x20, 2, 0, 0])],
    ['a SUBSCRIBE that ends in the middle of a filter', frame(0x82, uint16(1), text('a/b').subarray(0, 4))],
    ['a SUBSCRIBE without a filter', frame(0x82, uint16(1))],
    ['a PUBLISH above 64 KiB', publish(site.meter('1').up('evt'), Buffer.alloc(65_536))],
  ])('is not %s after it', async (_name, bytes) => {
    const { port } = await start();
    const client = kept(await RawClient.device(port, METER));
    client.send(bytes);
    await client.closed;
  });
});
