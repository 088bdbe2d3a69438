import { createBroker, systemTime } from '@tapwatt/broker';
import { systemClock, systemRandom } from '../../../edges/system.ts';
import { createExternalBus } from './external-bus.ts';
import { createInProcessBus } from './in-process-bus.ts';
import { describeMessageBus, PASSWORD, SITE } from './message-bus.fixture.ts';

const startBroker = async () => {
  const broker = await createBroker({
    site: SITE,
    time: systemTime,
    authenticate: async (_identity, secret) => Buffer.from(secret).toString() === PASSWORD,
  });
  const { port } = await broker.listen({ host: '127.0.0.1', port: 0 });
  return { broker, port };
};

describeMessageBus(
  'the built-in broker’s leg',
  async () => {
    const { broker, port } = await startBroker();
    return { bus: createInProcessBus(broker.leg()), port, stop: () => broker.close({ deadlineMs: 500 }) };
  },
  true,
);

describeMessageBus(
  'a client of the built-in broker',
  async () => {
    const { broker, port } = await startBroker();
    const url = `mqtt://127.0.0.1:${port}`;
    const bus = await createExternalBus({
      ...{ url, site: SITE, identity: 'g-own', password: PASSWORD },
      ...{ clock: systemClock, random: systemRandom },
    });
    const stop = async () => {
      await bus.close({ deadlineMs: 500 });
      await broker.close({ deadlineMs: 500 });
    };
    return { bus, port, stop };
  },
  false,
);
