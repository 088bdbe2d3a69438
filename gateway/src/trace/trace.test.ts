import {
  encodeCommand,
  encodeDesiredState,
  encodeResponse,
  encodeSelected,
  encodeVoucher,
  epochKeys,
  meterCommand,
  meterId,
  meterRootKey,
  SW,
  TapwattError,
  topics,
  type VoucherId,
} from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import type { MessageBus, MessageHandler } from '../links/mqtt/bus/message-bus.ts';
import type { TapOptions, TapReport, Taps, Transmit } from '../links/tap/taps.ts';
import type { Handover } from '../redemption/meter-link.ts';
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

const bench = (handover: () => Handover = () => 'handed-over') => {
  const handlers: MessageHandler[] = [];
  const bus: MessageBus = {
    publish: async () => handover(),
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

/** Says each command to whoever is at hand until one is not answered. */
function tapOf(
  trace: ReturnType<typeof createFrameTrace>,
  commands: readonly Uint8Array[],
  transmit: Transmit,
  more: Partial<TapOptions> = {},
): Promise<TapReport> {
  const taps: Taps = {
    held: 0,
    async tap(traced) {
      const { signal } = new AbortController();
      for (const command of commands) await traced(command, { signal });
      return { end: 'done', shown: [], receipts: 0, commands: commands.length };
    },
  };
  const limits = { tapMs: 1, commandMs: 1, planMs: 1, lingerMs: 1 };
  return traceTaps(taps, 'serial', trace).tap(transmit, { ...limits, ...more });
}

const text = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));

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
    await tapOf(trace, commands, async () => answers.shift() ?? new Uint8Array(0));
    expect(frames).toMatchObject([
      {
        ...{ link: 'serial', direction: 'from-meter', on: 'SELECT', sw: '9000', frame: 'selected' },
        fields: { version: 1, meterId: '7', capabilities: 0 },
      },
      { direction: 'to-meter', on: 'PUT_VOUCHER', frame: 'voucher', fields: { amount: '500' } },
      { direction: 'from-meter', on: 'PUT_VOUCHER', sw: '9000' },
    ]);
  });

  it('shows a command that nobody answers, from the first to the meter that is expected', async () => {
    const { trace } = bench();
    const { frames } = watch(trace);
    const [select, commit] = [meterCommand('SELECT'), meterCommand('COMMIT')].map(encodeCommand);
    const expected = { expectedMeterId: '7' };
    const silent = async (): Promise<never> => {
      throw new TapwattError('DEADLINE');
    };
    await expect(tapOf(trace, [select, commit] as Uint8Array[], silent, expected)).rejects.toThrow();
    const gone = async (): Promise<never> => {
      throw new Error('the device is gone');
    };
    await expect(tapOf(trace, [select] as Uint8Array[], gone, expected)).rejects.toThrow('gone');
    expect(frames).toMatchObject([
      { direction: 'to-meter', on: 'SELECT' },
      { direction: 'from-meter', on: 'SELECT', outcome: 'no answer: DEADLINE' },
      { direction: 'to-meter', on: 'SELECT' },
      { direction: 'from-meter', on: 'SELECT', outcome: 'no answer' },
    ]);
  });

  it('shows who answers in the place of the meter that is expected', async () => {
    const { trace } = bench();
    const { frames } = watch(trace);
    const selected = encodeSelected({ version: 1, meterId: meterId('8'), capabilities: 0 });
    const answer = encodeResponse({ data: selected, sw: SW.OK });
    const commands = [meterCommand('SELECT'), meterCommand('GET_STATUS')].map(encodeCommand);
    await tapOf(trace, commands, async () => answer, { expectedMeterId: '7' });
    expect(frames).toMatchObject([{ on: 'SELECT' }, { on: 'SELECT', fields: { meterId: '8' } }]);
  });

  it('takes readings and events apart, and says which are malformed', async () => {
    const { trace, say } = bench();
    const { frames } = watch(trace);
    const order = String.fromCharCode(27);
    say(own.up('tele'), text({ at: 9, energyWh: 12, balance: '-5', relay: 'open' }));
    say(own.up('evt'), text({ at: 9, kind: 'tamper', detail: `a${order}[2J${'x'.repeat(999)}` }));
    say(own.up('tele'), text('no object'));
    say(own.up('evt'), new Uint8Array(5_000).fill(32));
    expect(frames).toMatchObject([
      { on: 'up/tele', frame: 'reading', fields: { at: 9, energyWh: 12, balance: '-5', relay: 'open' } },
      { on: 'up/evt', frame: 'event', fields: { kind: 'tamper' } },
      { on: 'up/tele', frame: 'reading', refuse: 'malformed' },
      { on: 'up/evt', frame: 'event', refuse: 'malformed' },
    ]);
    expect(String(frames[1]?.fields?.detail)).toHaveLength(256);
    expect(String(frames[1]?.fields?.detail)).toMatch(/^a \[2Jx/);
  });

  it('takes a desired state apart, without its MAC', async () => {
    const { trace, traced } = bench();
    const { frames } = watch(trace);
    const desired = encodeDesiredState(
      { meterId: '7', version: 3, tariff: { pricePerKwh: '800' }, relay: 'open' },
      keys,
    );
    await traced.publish(own.down('cfg'), desired);
    await traced.publish(own.down('cfg'), desired.subarray(0, 20));
    expect(frames).toMatchObject([
      {
        ...{ on: 'dn/cfg', frame: 'desired-state' },
        fields: { meterId: '7', version: 3, tariff: '{"pricePerKwh":"800"}', relay: 'open' },
      },
      { on: 'dn/cfg', frame: 'desired-state', refuse: 'malformed' },
    ]);
    const macOf = Buffer.from(desired.subarray(0, 16));
    expect(JSON.stringify(frames)).not.toContain(macOf.toString('hex'));
  });

  it('says of what did not get to the broker’s client what became of it', async () => {
    const away = bench(() => 'away');
    const seen = watch(away.trace);
    await expect(away.traced.publish(own.down('vch'), voucher)).resolves.toBe('away');
    expect(seen.frames).toMatchObject([{ on: 'dn/vch', outcome: 'away' }]);
    const behind = bench(() => {
      throw new TapwattError('BUSY');
    });
    const failed = watch(behind.trace);
    await expect(behind.traced.publish(own.down('vch'), voucher)).rejects.toMatchObject({ code: 'BUSY' });
    expect(failed.frames).toMatchObject([{ on: 'dn/vch', outcome: 'failed: BUSY' }]);
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
