import {
  encodeCommand,
  encodeResponse,
  encodeSelected,
  encodeVoucher,
  epochKeys,
  meterCommand,
  meterId,
  meterRootKey,
  SW,
  topics,
  type VoucherId,
} from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import type { MessageBus, MessageHandler } from '../links/mqtt/bus/message-bus.ts';
import type { TapReport } from '../links/tap/taps.ts';
import { createFrameTrace } from './frame-trace.ts';
import { traceBus } from './trace-bus.ts';
import { traceForeign } from './trace-foreign.ts';
import { traceTaps } from './trace-taps.ts';
import type { TracedFrame } from './traced-frame.ts';

const SITE = 'home';
const METER = meterId('7');
const own = topics(SITE).meter('7');
const keys = epochKeys(meterRootKey(new Uint8Array(32).fill(3), METER), 1);
const voucher = encodeVoucher(
  {
    ...{ kind: 1, meterId: METER, keyEpoch: 1, seq: 1, amount: 500n, issuedAt: 1, expiresAt: 0 },
    ...{ voucherId: 'ab'.repeat(16) as VoucherId, floorSeq: 1 },
  },
  keys,
);
const mac = Buffer.from(voucher.subarray(-16)).toString('hex');

const bench = () => {
  const handlers: MessageHandler[] = [];
  const bus: MessageBus = {
    publish: async () => 'handed-over',
    onMessage: (handler) => void handlers.push(handler),
    onPresence: () => undefined,
    isConnected: () => true,
    close: async () => undefined,
  };
  const trace = createFrameTrace({ nowMs: () => 5 });
  const traced = traceBus(bus, SITE, trace);
  const heard: string[] = [];
  traced.onMessage((topic) => heard.push(topic));
  const say = (topic: string, payload: Uint8Array): void => {
    for (const handler of handlers) handler(topic, payload, 'm-7');
  };
  return { trace, traced, heard, say };
};

const watch = (trace: ReturnType<typeof createFrameTrace>, meter = '7') => {
  const frames: TracedFrame[] = [];
  return { frames, leave: trace.watch(meter, (frame) => frames.push(frame)) };
};

describe('a trace', () => {
  it('shows what goes over MQTT to and from the meter that is watched, and of no other', async () => {
    const { trace, traced, heard, say } = bench();
    const { frames, leave } = watch(trace);
    await traced.publish(own.down('vch'), voucher);
    await traced.publish(topics(SITE).meter('8').down('vch'), voucher);
    say(own.up('rcpt'), new Uint8Array(3));
    leave();
    await traced.publish(own.down('vch'), voucher);
    expect(frames).toMatchObject([
      {
        ...{ atMs: 5, meterId: '7', link: 'mqtt', direction: 'to-meter', on: 'dn/vch', frame: 'voucher' },
        fields: { seq: 1, amount: '500', voucherId: 'ab'.repeat(16) },
      },
      { direction: 'from-meter', on: 'up/rcpt', frame: 'receipt', refuse: 'BAD_FORMAT', length: 3 },
    ]);
    expect(heard).toEqual([own.up('rcpt')]);
    expect(trace.isWatched).toBe(false);
  });

  it('shows commands and answers of a tap from the moment the meter has said who it is', async () => {
    const { trace } = bench();
    const { frames } = watch(trace);
    const answers = [
      encodeResponse({ data: encodeSelected({ version: 1, meterId: METER, capabilities: 0 }), sw: SW.OK }),
      encodeResponse({ data: new Uint8Array(0), sw: SW.OK }),
    ];
    const commands = [meterCommand('SELECT'), meterCommand('PUT_VOUCHER', voucher)].map(encodeCommand);
    const taps = {
      held: 0,
      async tap(transmit: Parameters<ReturnType<typeof traceTaps>['tap']>[0]): Promise<TapReport> {
        const { signal } = new AbortController();
        for (const command of commands) await transmit(command, { signal });
        return { end: 'done', shown: [], receipts: 0, commands: commands.length };
      },
    };
    const limits = { tapMs: 1, commandMs: 1, planMs: 1, lingerMs: 1 };
    await traceTaps(taps, 'serial', trace).tap(async () => answers.shift() ?? new Uint8Array(0), limits);
    expect(frames).toMatchObject([
      { link: 'serial', direction: 'from-meter', on: 'SELECT', sw: '9000' },
      { direction: 'to-meter', on: 'PUT_VOUCHER', frame: 'voucher', fields: { amount: '500' } },
      { direction: 'from-meter', on: 'PUT_VOUCHER', sw: '9000' },
    ]);
  });

  it('shows what is said to a foreign meter and by it, and nothing that would be an order to a terminal', () => {
    const { trace } = bench();
    const { frames } = watch(trace);
    const note = traceForeign(trace);
    note('7', { direction: 'to-meter', on: 'sign-on', text: '/?!\r\n' });
    note('8', { direction: 'to-meter', on: 'sign-on', text: '/?8!\r\n' });
    note('7', { direction: 'from-meter', on: 'identification', text: '/EMH5\u001b[2J\r\n' });
    note('7', { direction: 'from-meter', on: 'data-block', text: '\u00021.8.0(1*kWh)\r\n!\r\n\u0003X' });
    const told = { atMs: 5, meterId: '7', link: 'serial' };
    expect(frames).toEqual([
      { ...told, direction: 'to-meter', on: 'sign-on', length: 5, fields: { text: '/?!' } },
      { ...told, direction: 'from-meter', on: 'identification', length: 11, fields: { text: '/EMH5 [2J' } },
      {
        ...{ ...told, direction: 'from-meter', on: 'data-block', length: 20, refuse: 'damaged' },
        fields: { text: '1.8.0(1*kWh) ! X' },
      },
    ]);
  });

  it('shows neither a voucher’s MAC nor its bytes', async () => {
    const { trace, traced } = bench();
    const { frames } = watch(trace);
    await traced.publish(own.down('vch'), voucher);
    expect(JSON.stringify(frames)).not.toContain(mac);
    expect(JSON.stringify(frames)).not.toContain('opening');
  });

  it('has room for so many and no more', () => {
    const { trace } = bench();
    const leave = Array.from({ length: 16 }, () => watch(trace).leave);
    expect(() => watch(trace)).toThrow('Too many');
    leave[0]?.();
    expect(() => watch(trace)).not.toThrow();
  });
});
