import { describe, expect, it } from 'vitest';
import { kept, site, start } from '../test/harness.ts';
import { PINGREQ, publish } from '../test/packets.ts';
import { RawClient } from '../test/raw-client.ts';

const METER = { clientId: 'm-42' };
const down = site.meter('42').downFilter;

describe('the broker and the gateway’s leg', () => {
  it('carries a voucher to a meter and its receipt back', async () => {
    const { broker, port } = await start();
    const leg = broker.leg();
    const got = Promise.withResolvers<[string, string, string]>();
    leg.onMessage((topic, payload, from) => got.resolve([topic, Buffer.from(payload).toString(), from]));
    const meter = kept(await RawClient.device(port, METER, [down]));
    await expect(leg.publish(site.meter('42').down('vch'), Buffer.from('voucher'))).resolves.toBe(
      'handed-over',
    );
    expect(await meter.received(1)).toEqual([
      { topic: site.meter('42').down('vch'), payload: 'voucher', retain: false, qos: 1 },
    ]);
    meter.send(publish(site.meter('42').up('rcpt'), 'receipt', 9));
    expect((await meter.packet(4))?.body.readUInt16BE()).toBe(9);
    expect(await got.promise).toEqual([site.meter('42').up('rcpt'), 'receipt', 'm-42']);
  });

  it('answers pings', async () => {
    const { port } = await start();
    const meter = kept(await RawClient.device(port, METER));
    meter.send(PINGREQ);
    expect(await meter.packet(13)).toMatchObject({ type: 13 });
  });
});
