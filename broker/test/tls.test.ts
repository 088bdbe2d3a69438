import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { expect, it } from 'vitest';
import { eventually, kept, site, start, within } from './harness.ts';
import { RawClient } from './raw-client.ts';
import { selfSigned } from './self-signed.ts';

const LATE_MS = 5_000;

it('serves over TLS by the same rules, and nothing but TLS on that port', async () => {
  const { broker } = await start();
  const tls = selfSigned();
  const { port } = await broker.listen({ host: '127.0.0.1', port: 0, tls });
  const socket = connectTls({ host: '127.0.0.1', port, ca: tls.cert });
  await once(socket, 'secureConnect');
  const meter = kept(new RawClient(socket));
  expect(await meter.connect({ clientId: 'm-1', username: 'm-1', password: 'right' })).toBe(0);
  const down = site.meter('1').down('vch');
  expect(await meter.subscribe([down])).toEqual([1]);
  expect(await broker.leg().publish(down, Uint8Array.of(7))).toBe('handed-over');
  await eventually(() => meter.messages.length === 1);
  const plain = kept(await RawClient.tcp(port));
  plain.send(Uint8Array.of(0x10, 0x00, 0x00, 0x00, 0x00, 0x00));
  expect(await within(plain.closed, LATE_MS)).toBeUndefined();
  expect(broker.stats().refused).toMatchObject({ tls: 1 });
});
