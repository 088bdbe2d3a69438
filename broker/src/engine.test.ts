import { describe, expect, it, onTestFinished } from 'vitest';
import { FAST, kept, SITE, site } from '../test/harness.ts';
import { RawClient } from '../test/raw-client.ts';
import { ALL_CURES, type Cures } from './cures.ts';
import { createEngine } from './engine.ts';
import { createHooks } from './hooks.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { SILENT } from './log.ts';
import { Sessions } from './sessions.ts';
import { systemTime } from './system-time.ts';
import { Transports } from './transports.ts';

/** aedes as the broker wires it, with its own `publish` in reach. */
const startEngine = async (change: Partial<Cures>) => {
  const cures = { ...ALL_CURES, ...change };
  const limits = { ...DEFAULT_LIMITS, ...FAST };
  const sessions = new Sessions({ maxWaiting: 4, ordered: true });
  const ignore = () => {};
  const hooks = createHooks({
    ...{ site: SITE, limits, cures, sessions, published: ignore, refused: ignore },
    authenticate: async () => true,
  });
  const aedes = await createEngine({ limits, cures, hooks, sessions, log: SILENT, ended: ignore });
  const transports = new Transports({ aedes, limits, cures, time: systemTime, refused: ignore });
  onTestFinished(() => transports.close(500));
  const { port } = await transports.listen({ host: '127.0.0.1', port: 0 });
  return { aedes, port };
};

describe('a QoS 1 message followed by a QoS 0 one in the same tick', () => {
  const rounds = 100;

  const firstsOf = async (change: Partial<Cures>): Promise<number> => {
    const { aedes, port } = await startEngine(change);
    const meter = kept(await RawClient.device(port, { clientId: 'm-1' }, [site.meter('1').downFilter]));
    const message = { cmd: 'publish', dup: false, retain: false, payload: '' } as const;
    for (let round = 1; round <= rounds; round++) {
      aedes.publish({ ...message, qos: 1, topic: site.meter('1').down('vch') }, () => {});
      aedes.publish({ ...message, qos: 0, topic: site.meter('1').down('cfg') }, () => {});
      await meter.until(() => meter.messages.filter(({ qos }) => qos === 0).length === round);
    }
    await meter.subscribe([site.meter('1').down('vch')]);
    return meter.messages.filter(({ qos }) => qos === 1).length;
  };

  it('arrives with forgetDuplicates', async () => {
    expect(await firstsOf({})).toBe(rounds);
  });

  it('is lost without forgetDuplicates', async () => {
    expect(await firstsOf({ forgetDuplicates: false })).toBe(0);
  });
});

describe('20,000 messages behind 100 that a subscriber holds', () => {
  /** Lets one of the held go on, which sets off the queue behind it. */
  const letOneGo = async (change: Partial<Cures>): Promise<() => void> => {
    const { aedes } = await startEngine(change);
    const held: (() => void)[] = [];
    aedes.subscribe(
      'held',
      (_packet, done) => held.push(done),
      () => {},
    );
    const message = { cmd: 'publish', dup: false, retain: false, payload: '', qos: 0 } as const;
    for (let n = 0; n < 100; n++) aedes.publish({ ...message, topic: 'held' }, () => {});
    for (let n = 0; n < 20_000; n++) aedes.publish({ ...message, topic: 'unheard' }, () => {});
    return () => held[0]?.();
  };

  it('do not overflow the stack with unboundRouting', async () => {
    expect(await letOneGo({})).not.toThrow();
  });

  it('overflow the stack without unboundRouting', async () => {
    expect(await letOneGo({ unboundRouting: false })).toThrow(RangeError);
  });
});
