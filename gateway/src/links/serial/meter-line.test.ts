import { expect, it } from 'vitest';
import type { TapOptions } from '../tap/taps.ts';
import { speakMeterLink } from './meter-line.ts';

it('tells a tap which meter the configuration names at the address', async () => {
  const taps: TapOptions[] = [];
  const line = speakMeterLink({
    baudRate: 9_600,
    taps: {
      async tap(_, options) {
        taps.push(options);
        return { end: 'torn', shown: [], receipts: 0, commands: 1 };
      },
    },
    clock: { nowMs: () => 0, monotonicMs: () => 0, after: () => () => undefined },
    expectedAt: (address) => (address === 2 ? '1000000002' : undefined),
    onVisit: () => undefined,
  })({ write: async () => undefined, setBaudRate: async () => undefined, close: async () => undefined });
  const { signal } = new AbortController();
  for (const address of [1, 2]) await line.visit({ address, isSilent: false, signal });
  expect(taps.map(({ expectedMeterId }) => expectedMeterId)).toEqual([undefined, '1000000002']);
});
