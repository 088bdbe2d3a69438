import { duplexPair } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eventually, kept, site, start } from './harness.ts';
import { connect, DISCONNECT, frame, publish, subscribe } from './packets.ts';
import { RawClient } from './raw-client.ts';

const METER = { clientId: 'm-7' };
const own = site.meter('7');

/** Frames with a good header and anything inside, and good frames with a byte changed. */
const body = fc.uint8Array({ maxLength: 80 });
const whole = fc.oneof(
  fc.constant(connect(METER)),
  fc.constant(subscribe([own.downFilter])),
  fc.constant(publish(own.up('evt'), '{}')),
  fc.constant(DISCONNECT),
);
const hostile = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 255 }), body).map(([first, bytes]) => frame(first, bytes)),
  fc.tuple(whole, fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
    const changed = Buffer.from(bytes);
    changed[at % changed.length] = value;
    return changed;
  }),
  whole,
);

it('serves others whatever a client sends, before and after it was let in', async () => {
  const { broker, port } = await start();
  const leg = broker.leg();
  const bystander = kept(await RawClient.device(port, { clientId: 'm-1' }, [site.meter('1').downFilter]));
  let rounds = 0;
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(hostile, { minLength: 1, maxLength: 6 }), async (letIn, sent) => {
      const [ours, theirs] = duplexPair();
      broker.attachStream(theirs);
      const client = kept(new RawClient(ours));
      if (letIn) await client.connect(METER);
      client.send(Buffer.concat(sent));
      client.stream.end();
      await leg.publish(site.meter('1').down('vch'), Buffer.from('voucher'));
      rounds++;
      await bystander.received(rounds);
    }),
    { numRuns: 150 },
  );
  expect(bystander.isClosed).toBe(false);
  await eventually(() => broker.stats().connections === 1);
});
