import { afterEach, describe, expect, it } from 'vitest';
import { type HandGateway, startHandGateway } from '../../test/hand-gateway.ts';
import { seededRandom } from '../time/random.ts';
import { systemTime } from '../time/time.ts';
import type { Link } from './link.ts';
import { mqttLinks } from './mqtt-link.ts';
import { tcpConnector } from './tcp.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const gateway = async (): Promise<HandGateway> => {
  const started = await startHandGateway();
  closing.push(() => started.close());
  return started;
};

interface Recorder {
  readonly link: Link;
  readonly seen: string[];
  until(entry: string): Promise<void>;
}

const linkTo = (port: number, maxInFlight = 10): Recorder => {
  const seen: string[] = [];
  const waiting: { entry: string; resolve: () => void }[] = [];
  const note = (entry: string): void => {
    seen.push(entry);
    for (const waiter of waiting) if (entry.startsWith(waiter.entry)) waiter.resolve();
  };
  const links = mqttLinks({
    connector: tcpConnector({ host: '127.0.0.1', port }),
    time: systemTime,
    random: seededRandom(1),
    backoff: { firstMs: 5, maxMs: 20 },
    maxInFlight,
  });
  const link = links(
    { identity: 'm-1', password: 'p', filters: ['tw/v1/site1/m/1/dn/+'] },
    {
      up: () => note('up'),
      down: (reason) => note(`down: ${reason}`),
      message: (topic, payload) => note(`${topic} ${Buffer.from(payload).toString()}`),
    },
  );
  closing.push(() => link.close());
  return {
    link,
    seen,
    until: (entry) =>
      seen.some((e) => e.startsWith(entry))
        ? Promise.resolve()
        : new Promise((resolve) => waiting.push({ entry, resolve })),
  };
};

describe('a link over MQTT', () => {
  it('subscribes before it is up, then carries messages both ways', async () => {
    const hand = await gateway();
    const { link, until } = linkTo(hand.port);
    link.connect();
    await until('up');
    await hand.send('tw/v1/site1/m/1/dn/vch', new TextEncoder().encode('hello'));
    await until('tw/v1/site1/m/1/dn/vch hello');
    expect(link.publish('tw/v1/site1/m/1/up/rcpt', new Uint8Array([1, 2]))).toBe(true);
    expect(await hand.next(({ from }) => from === 'm-1')).toEqual(new Uint8Array([1, 2]));
  });

  it('comes back after a cut, and does not say again what the lost connection had said', async () => {
    const hand = await gateway();
    const recorder = linkTo(hand.port);
    recorder.link.connect();
    await recorder.until('up');
    recorder.link.publish('tw/v1/site1/m/1/up/status', new Uint8Array([1]));
    hand.cutAll();
    await recorder.until('down');
    expect(recorder.link.publish('tw/v1/site1/m/1/up/status', new Uint8Array([2]))).toBe(false);
    recorder.seen.length = 0;
    await recorder.until('up');
    recorder.link.publish('tw/v1/site1/m/1/up/status', new Uint8Array([3]));
    await hand.next(({ payload }) => payload[0] === 3);
    expect(hand.heard.map(({ payload }) => payload[0]).filter((first) => first !== 1)).toEqual([3]);
  });

  it('keeps trying a gateway that is not there yet, and one that refuses it', async () => {
    const hand = await gateway();
    hand.refuse('m-1');
    const recorder = linkTo(hand.port);
    recorder.link.connect();
    await recorder.until('down: Connection refused');
    hand.refuse(undefined);
    await recorder.until('up');
    expect(recorder.link.isUp).toBe(true);
  });

  it('drops what is too much instead of queueing it', async () => {
    const hand = await gateway();
    const recorder = linkTo(hand.port, 3);
    recorder.link.connect();
    await recorder.until('up');
    const sent = Array.from({ length: 5 }, (_, i) =>
      recorder.link.publish('tw/v1/site1/m/1/up/evt', new Uint8Array([i])),
    );
    expect(sent).toEqual([true, true, true, false, false]);
  });

  it('stays away after a drop until it is told to connect', async () => {
    const hand = await gateway();
    const recorder = linkTo(hand.port);
    recorder.link.connect();
    await recorder.until('up');
    recorder.link.drop();
    expect(recorder.seen.at(-1)).toBe('down: dropped');
    recorder.seen.length = 0;
    recorder.link.connect();
    await recorder.until('up');
  });
});
