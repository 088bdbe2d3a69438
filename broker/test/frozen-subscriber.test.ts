import { describe, expect, it } from 'vitest';
import type { BrokerLimits } from '../src/limits.ts';
import { eventually, FAST, kept, type Running, root, type Setup, site, start, within } from './harness.ts';
import { publish } from './packets.ts';
import { RawClient } from './raw-client.ts';

const ALL_UP = `${root}/m/+/up/+`;
const vch = (id: string) => site.meter(id).down('vch');
/** Above what the kernel buffers between two sockets of one machine. */
const FLOOD = Array.from({ length: 300 }, (_, n) =>
  publish(site.meter('1').up('evt'), Buffer.alloc(60_000), 1 + n),
);
/** Messages of it at a time, far below the cap. */
const STEP = 5;
/** Long enough on a busy machine where something must come, short where nothing may. */
const patienceMs = (on: boolean) => (on ? 10_000 : 1_000);
/** As aedes has it: nothing bounds what waits for one client but a minute. */
const UNCAPPED: Partial<BrokerLimits> = { maxPendingBytes: Number.POSITIVE_INFINITY, stallTimeoutMs: 60_000 };

const freeze = async ({ port }: Running): Promise<RawClient> => {
  const frozen = kept(await RawClient.device(port, { clientId: 'g-frozen' }, [ALL_UP]));
  frozen.stream.pause();
  return frozen;
};

const flood = async ({ port }: Running): Promise<RawClient> => {
  const flooder = kept(await RawClient.device(port, { clientId: 'm-1' }));
  flooder.send(Buffer.concat(FLOOD));
  return flooder;
};

describe('one subscriber that takes nothing', () => {
  /** Whether a message between two others still arrives while 200 wait for the frozen one. */
  const othersTalk = async (setup: Setup, on: boolean) => {
    const running = await start({ ...setup, limits: { ...FAST, ...UNCAPPED } });
    const { broker, port } = running;
    await freeze(running);
    const talker = kept(await RawClient.device(port, { clientId: 'm-3' }));
    const receiver = kept(await RawClient.device(port, { clientId: 'm-2' }, [vch('2')]));
    const sender = kept(await RawClient.device(port, { clientId: 'g-2' }));
    await flood(running);
    await eventually(() => broker.stats().pendingBytes > 60_000);
    const waiting = Array.from({ length: 200 }, (_, n) => publish(site.meter('3').up('evt'), 'waits', 1 + n));
    talker.send(Buffer.concat(waiting));
    await talker.until(() => talker.packets.length === waiting.length);
    sender.send(publish(vch('2'), 'hello'));
    return (await within(receiver.received(1, 15_000), patienceMs(on))) !== 'late';
  };

  it('does not stop what others say with unboundRouting', async () => {
    expect(await othersTalk({}, true)).toBe(true);
  });

  it('stops what others say without unboundRouting', async () => {
    expect(await othersTalk({ cures: { unboundRouting: false } }, false)).toBe(false);
  });

  /** How many of the flood reach a second subscriber of the same topics, and how many connections are left of three. */
  const secondGets = async (limits: Partial<BrokerLimits>, on: boolean) => {
    const running = await start({ limits: { ...FAST, ...limits } });
    await freeze(running);
    const second = kept(await RawClient.device(running.port, { clientId: 'g-second' }, [ALL_UP]));
    const flooder = kept(await RawClient.device(running.port, { clientId: 'm-1' }));
    // The second one shares its processor with the flood, and must not be the slow one itself where the cap is tried.
    const step = on ? STEP : FLOOD.length;
    const inSteps = async () => {
      for (let sent = 0; sent < FLOOD.length; sent += step) {
        flooder.send(Buffer.concat(FLOOD.slice(sent, sent + step)));
        await second.received(sent + step, 15_000);
      }
    };
    await within(inSteps(), patienceMs(on));
    return { received: second.messages.length, refused: running.broker.stats().refused };
  };

  it('is cut at the cap, so that a second one gets everything', async () => {
    expect(await secondGets({}, true)).toEqual({ received: FLOOD.length, refused: { 'slow-consumer': 1 } });
  });

  it('holds up the publisher and the second one without the cap', async () => {
    expect((await secondGets(UNCAPPED, false)).received).toBeLessThan(FLOOD.length);
  });

  /** Whether a frozen client that few bytes wait for is gone soon. */
  const isCut = async (stallTimeoutMs: number, on: boolean) => {
    const running = await start({ limits: { ...FAST, stallTimeoutMs, maxPendingBytes: 50_000_000 } });
    await freeze(running);
    const flooder = await flood(running);
    await flooder.until(() => flooder.packets.length === FLOOD.length);
    const gone = eventually(() => running.broker.stats().refused.stalled === 1).then(
      () => true,
      () => false,
    );
    return within(gone, patienceMs(on));
  };

  it('is cut when it takes nothing for stallTimeoutMs', async () => {
    expect(await isCut(200, true)).toBe(true);
  });

  it('stays with a stallTimeoutMs as long as aedes has it', async () => {
    expect(await isCut(60_000, false)).toBe('late');
  });

  it('makes the leg say BUSY, and the other meters get theirs', async () => {
    const { broker, port } = await start({ limits: { stallTimeoutMs: 60_000 } });
    const leg = broker.leg();
    const frozen = kept(await RawClient.device(port, { clientId: 'm-1' }, [vch('1')]));
    const other = kept(await RawClient.device(port, { clientId: 'm-2' }, [vch('2')]));
    frozen.stream.pause();
    const fill = async () => {
      for (;;) await leg.publish(vch('1'), Buffer.alloc(32_768));
    };
    await expect(fill()).rejects.toMatchObject({ code: 'BUSY' });
    await leg.publish(vch('2'), Buffer.from('voucher'));
    expect(await other.received(1)).toHaveLength(1);
    expect(broker.stats()).toMatchObject({ busy: 1, sessions: 2 });
  });
});
