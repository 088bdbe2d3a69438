import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rawPublicKey, signRequest, topics } from '@tapwatt/firmware-contracts';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, runTapwatt } from './testing/run-tapwatt.ts';
import { startTestGateway, type TestGateway } from './testing/running-gateway.ts';

const SLOW_MS = 60_000;
const WHY = ['--reason', 'seen in the field'];

describe('the offices’ orders', () => {
  let cwd: string;
  let gateway: TestGateway;
  let handset: MqttClient;
  const { privateKey } = generateKeyPairSync('ed25519');
  const tapwatt = (args: readonly string[]): Promise<Ended> => runTapwatt([...args, '--json'], { cwd });
  async function json(args: readonly string[]): Promise<Record<string, unknown>> {
    const { code, stdout, stderr } = await tapwatt(args);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  }
  async function refusal(args: readonly string[]): Promise<unknown[]> {
    const { code, stderr } = await tapwatt(args);
    return [code, JSON.parse(stderr.trim().split('\n').at(-1) ?? '{}').code];
  }

  /** Asks as the handset, and gives the first answer to that request. */
  function ask(fields: { readonly requestId: string; readonly [field: string]: unknown }) {
    const answered = new Promise<Record<string, unknown>>((resolve) => {
      handset.on('message', (_topic, payload) => {
        const answer = JSON.parse(payload.toString('utf8')) as Record<string, unknown>;
        if (answer.requestId === fields.requestId) resolve(answer);
      });
    });
    const request = { aud: 'tapwatt-dev', at: 1_790_000_000, ...fields };
    const jws = signRequest(request as never, { kid: 'h1', privateKey });
    return handset.publishAsync(topics('home').handset('h1').request, jws, { qos: 1 }).then(() => answered);
  }
  const buy = (requestId: string) =>
    ask({ requestId, op: 'issue', walletId: 'w1', meterId: '4711', amount: '10000', deliver: false });

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'tw-'));
    gateway = await startTestGateway(cwd);
    await json(['agent', 'add', '--id', 'a1']);
    await json(['wallet', 'open', '--id', 'w1', '--agent', 'a1']);
    await json(['deposit', 'propose', '--wallet', 'w1', '--amount', '50000', '--id', 'd1']);
    await json(['deposit', 'confirm', '--id', 'd1', '--utr', 'U1']);
    await json(['meter', 'add', '--id', '4711']);
    const key = rawPublicKey(privateKey);
    const added = await json(['handset', 'add', '--id', 'h1', '--wallet', 'w1', '--public-key', key]);
    const login = { clientId: `${added.identity}`, username: `${added.identity}` };
    handset = await connectAsync(`mqtt://127.0.0.1:${gateway.mqttPort}`, {
      ...login,
      password: `${added.password}`,
    });
    await handset.subscribeAsync(topics('home').handset('h1').result, { qos: 1 });
  }, SLOW_MS);
  afterAll(async () => {
    await handset.endAsync(true);
    await gateway.end('SIGKILL');
    await rm(cwd, { recursive: true, force: true });
  });

  it(
    'free a voucher’s hold without its meter: cancelled, then released by two parties',
    async () => {
      const { voucherId } = await buy('buy-1');
      const id = `${voucherId}`;
      expect(await refusal(['voucher', 'release', id, ...WHY])).toEqual([5, 'VOUCHER_STATE']);
      expect(await json(['voucher', 'cancel', id, ...WHY])).toMatchObject({ outcome: 'cancelling' });
      expect(await json(['wallet', 'show', 'w1'])).toMatchObject({ balance: '40000', held: '10000' });
      const propose = ['voucher', 'release', id, ...WHY, '--as', 'agency'];
      expect(await json(propose)).toMatchObject({ state: 'proposed' });
      expect(await refusal(propose)).toEqual([5, 'SAME_PARTY']);
      const done = await runTapwatt(['voucher', 'release', id, ...WHY, '--as', 'discom'], { cwd });
      expect(done.stdout).toContain('is released');
      expect(await json(['wallet', 'show', 'w1'])).toMatchObject({ balance: '50000', held: '0' });
      expect(await json(['voucher', 'cancel', id, ...WHY])).toMatchObject({ outcome: 'released' });
      expect(await refusal(['voucher', 'cancel', '0'.repeat(32), ...WHY])).toEqual([5, 'VOUCHER_UNKNOWN']);
    },
    SLOW_MS,
  );

  it(
    'freeze a wallet, thaw it and close it',
    async () => {
      expect(await json(['wallet', 'freeze', 'w1'])).toMatchObject({ walletId: 'w1', frozen: true });
      expect(await buy('buy-2')).toMatchObject({ status: 'refused', code: 'WALLET_STATE' });
      expect(await json(['wallet', 'thaw', 'w1'])).toMatchObject({ frozen: false });
      await json(['wallet', 'open', '--id', 'w2', '--agent', 'a1']);
      expect(await json(['wallet', 'close', 'w2'])).toMatchObject({ withdrawn: '0' });
      expect(await refusal(['wallet', 'thaw', 'w2'])).toEqual([5, 'WALLET_STATE']);
    },
    SLOW_MS,
  );

  it(
    'suspend a meter and parties of the named kind, and lift it again',
    async () => {
      expect(await json(['meter', 'suspend', '4711', ...WHY])).toMatchObject({ suspended: true });
      expect(await buy('buy-3')).toMatchObject({ status: 'refused', code: 'METER_STATE' });
      expect(await json(['meter', 'lift', '4711', ...WHY])).toMatchObject({ suspended: false });
      expect(await refusal(['handset', 'suspend', 'a1', ...WHY])).toEqual([5, 'PARTY_UNKNOWN']);
      expect(await json(['agent', 'suspend', 'a1', ...WHY])).toMatchObject({ id: 'a1', suspended: true });
      expect(await json(['agent', 'lift', 'a1', ...WHY])).toMatchObject({ suspended: false });
      expect(await json(['handset', 'suspend', 'h1', ...WHY])).toMatchObject({ suspended: true });
      expect(await json(['handset', 'lift', 'h1', ...WHY])).toMatchObject({ suspended: false });
      expect(await json(['agency', 'suspend', 'agency', ...WHY])).toMatchObject({ suspended: true });
      expect(await refusal(['wallet', 'freeze', 'w1'])).toEqual([5, 'SUSPENDED']);
      expect(await json(['agency', 'lift', 'agency', ...WHY])).toMatchObject({ suspended: false });
      expect(await refusal(['gateway', 'suspend', 'h1', ...WHY])).toEqual([5, 'PARTY_UNKNOWN']);
      expect((await tapwatt(['meter', 'suspend', '4711'])).code).toBe(2);
    },
    SLOW_MS,
  );

  it(
    'order a new key or the close of a meter, one at a time',
    async () => {
      const order = ['meter', 'renew-key', '4711', ...WHY, '--request-id', 'renew'];
      const ordered = await json(order);
      expect(ordered).toMatchObject({ repeated: false, meter: { order: { kind: 6 } } });
      expect(await json(order)).toMatchObject({ repeated: true, voucherId: ordered.voucherId });
      expect(await refusal(['meter', 'close', '4711', ...WHY])).toEqual([5, 'ORDER_PENDING']);
      await json(['meter', 'add', '--id', '4712']);
      const close = ['meter', 'close', '4712', ...WHY];
      expect(await refusal([...close, '--as', 'agency'])).toEqual([5, 'FORBIDDEN']);
      expect(await json(close)).toMatchObject({ meter: { order: { kind: 4 } } });
    },
    SLOW_MS,
  );
});
