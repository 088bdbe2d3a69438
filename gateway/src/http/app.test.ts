import { TapwattError } from '@tapwatt/firmware-contracts';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../observability/logger.ts';
import { socketGuard, tcpGuard } from './access.ts';
import { createHttpApp } from './app.ts';
import { CONTENT_SECURITY_POLICY } from './routes-console.ts';
import type { RedemptionStep } from './services.ts';
import {
  type ScriptedServices,
  scriptedMeter,
  scriptedServices,
  scriptedVoucher,
} from './testing/scripted-services.ts';

const TOKEN = 'A'.repeat(43);
const VOUCHER_ID = '0f'.repeat(16);
const FRAME = '01'.repeat(72);

let services: ScriptedServices;
let logged: string[];
let apps: FastifyInstance[];
beforeEach(() => {
  services = scriptedServices();
  logged = [];
  apps = [];
});
afterEach(() => Promise.all(apps.map((app) => app.close())));

function build(guard = socketGuard): FastifyInstance {
  const log = createLogger({ level: 'info', destination: { write: (line) => logged.push(line) } });
  const app = createHttpApp({ services, guard, log });
  apps.push(app);
  return app;
}

function overTcp(profile: 'development' | 'production' = 'development'): FastifyInstance {
  return build(tcpGuard({ profile, allowedHosts: ['meters.example'], adminToken: async () => TOKEN }));
}

const step = (status: RedemptionStep['status'], more: Partial<RedemptionStep> = {}): RedemptionStep => ({
  status,
  atMs: 1,
  ...more,
});
const redeem = (app: FastifyInstance, voucher = FRAME) =>
  app.inject({ method: 'POST', url: '/api/v1/redemptions', payload: { voucher } });

describe('health', () => {
  it('is live whatever the ledger says', async () => {
    services.report = { state: 'not-ready', reasons: [] };
    expect((await build().inject('/health/live')).json()).toEqual({ state: 'live' });
  });

  it.each([
    ['ready', 200],
    ['degraded', 200],
    ['not-ready', 503],
  ] as const)('answers %s with %i', async (state, status) => {
    const message = 'The ledger cannot be reached.';
    const reasons =
      state === 'ready' ? [] : [{ part: 'ledger', state, code: 'LEDGER_UNAVAILABLE', message } as const];
    services.report = { state, reasons };
    const answer = await build().inject('/health/ready');
    expect([answer.statusCode, answer.json()]).toEqual([status, { state, reasons }]);
  });
});

describe('reading', () => {
  it('answers a meter’s readings of a window', async () => {
    services.meters.set('7', scriptedMeter('7'));
    const answer = await build().inject('/api/v1/meters/7/readings?from=1000&to=2000&resolution=hour');
    expect([answer.statusCode, answer.json()]).toEqual([200, services.series]);
    expect(services.questions).toEqual([{ meterId: '7', fromMs: 1_000, toMs: 2_000, resolution: 'hour' }]);
  });

  it('says of a number without readings whether it is no meter’s', async () => {
    services.meters.set('7', scriptedMeter('7'));
    const of = async (id: string) => {
      const answer = await build().inject(`/api/v1/meters/${id}/readings?from=0&to=1`);
      return [answer.statusCode, answer.json().code];
    };
    expect(await of('7')).toEqual([200, undefined]);
    expect(await of('999')).toEqual([404, 'METER_UNKNOWN']);
    expect(await of('ELS-4711')).toEqual([400, 'BAD_REQUEST']);
  });

  it('asks for a window in words when none is named', async () => {
    for (const query of ['', 'from=1&to=', 'from=soon&to=2', 'from=1.5&to=2', 'from=1&to=4294967295001']) {
      const answer = await build().inject(`/api/v1/meters/7/readings?${query}`);
      expect(answer.json(), query).toMatchObject({
        code: 'BAD_REQUEST',
        message: expect.stringMatching(/^(from|to): must be a whole number of Unix milliseconds/),
      });
    }
  });

  it.each([
    ['from=5&to=5', 'to: must be after from'],
    ['from=0&to=2764800001', 'from: is too far before to for this resolution'],
    ['to=5', 'from: '],
    ['from=-1&to=5', 'from: '],
    ['from=1&to=5&resolution=year', 'resolution: '],
    ['from=1&to=5&meter=8', 'Unrecognized key'],
  ])('refuses readings?%s', async (query, message) => {
    const answer = await build().inject(`/api/v1/meters/7/readings?${query}`);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().message).toContain(message);
  });

  it('shows meters page by page with what was last heard of them', async () => {
    for (let n = 1; n <= 5; n += 1) services.meters.set(String(n), scriptedMeter(String(n)));
    services.board.meterSeen({ meterId: '2', connected: true, relay: 'closed', balance: '-500' });
    const first = (await build().inject('/api/v1/meters?limit=3')).json();
    expect(first.meters.map((meter: { meterId: string }) => meter.meterId)).toEqual(['1', '2', '3']);
    expect(first.meters[1].live).toMatchObject({ relay: 'closed', balance: '-500' });
    const second = (await build().inject(`/api/v1/meters?limit=3&after=${first.next}`)).json();
    expect(second.meters).toHaveLength(2);
    expect(second.next).toBeUndefined();
  });

  it('searches the meters by the digits of their number, over all pages', async () => {
    for (let n = 1; n <= 2_500; n += 1) services.meters.set(String(n), scriptedMeter(String(n)));
    const app = build();
    const found = (await app.inject('/api/v1/meters?q=249&limit=5')).json();
    expect(found.meters.map((meter: { meterId: string }) => meter.meterId)).toEqual([
      '249',
      '1249',
      '2249',
      '2490',
      '2491',
    ]);
    const more = (await app.inject(`/api/v1/meters?q=249&limit=50&after=${found.next}`)).json();
    expect(more.meters).toHaveLength(8);
    expect(more.next).toBeUndefined();
  });

  it('sums up what is open at a meter', async () => {
    const open = { seq: 1, voucherId: VOUCHER_ID, keyEpoch: 1, amount: '9007199254740993', walletId: 'w1' };
    services.meters.set('7', scriptedMeter('7', { open: [open, { ...open, seq: 2, amount: '1' }] }));
    const [meter] = (await build().inject('/api/v1/meters')).json().meters;
    expect(meter).toMatchObject({ openVouchers: 2, openAmount: '9007199254740994' });
  });

  it('shows a voucher, a wallet and a meter', async () => {
    services.meters.set('7', scriptedMeter('7'));
    services.vouchers.set(VOUCHER_ID, scriptedVoucher(VOUCHER_ID));
    const app = build();
    expect((await app.inject('/api/v1/meters/7')).json()).toMatchObject({ meterId: '7' });
    expect((await app.inject(`/api/v1/vouchers/${VOUCHER_ID}`)).json()).toMatchObject({
      status: 'ISSUED',
      life: [],
    });
    expect((await app.inject('/api/v1/wallets/w1')).json()).toMatchObject({ balance: '500000' });
    expect((await app.inject('/api/v1/vouchers?meterId=7')).json().vouchers).toHaveLength(1);
  });

  it.each([
    ['/api/v1/meters/8', 404, 'METER_UNKNOWN'],
    [`/api/v1/vouchers/${VOUCHER_ID}`, 404, 'VOUCHER_UNKNOWN'],
    ['/api/v1/wallets/nobody', 404, 'WALLET_UNKNOWN'],
    ['/api/v1/deposits/none', 404, 'DEPOSIT_UNKNOWN'],
    ['/api/v1/meters/007', 400, 'BAD_REQUEST'],
    ['/api/v1/meters/18446744073709551616', 400, 'BAD_REQUEST'],
    ['/api/v1/meters?limit=0', 400, 'BAD_REQUEST'],
    ['/api/v1/meters?limit=1e9', 400, 'BAD_REQUEST'],
    ['/api/v1/meters?colour=red', 400, 'BAD_REQUEST'],
    ['/api/v1/meters?q=a', 400, 'BAD_REQUEST'],
    ['/api/v1/vouchers/xyz', 400, 'BAD_REQUEST'],
    ['/api/v1/vouchers?status=PAID', 400, 'BAD_REQUEST'],
    ['/api/v1/wallets/..%2f..%2fetc', 400, 'BAD_REQUEST'],
    ['/api/v1/nothing', 404, 'NOT_FOUND'],
    ['/../../package.json', 404, 'NOT_FOUND'],
    ['/%', 400, 'BAD_REQUEST'],
    ['/%2e%2e/%2e%2e/src/http/app.ts', 404, 'NOT_FOUND'],
  ])('answers %s with %i %s and a remedy', async (url, status, code) => {
    const answer = await build().inject(url);
    expect([answer.statusCode, answer.json()]).toEqual([
      status,
      { code, message: expect.any(String), remedy: expect.any(String) },
    ]);
  });

  it('does not let a HEAD request hold a place among those who follow the events', async () => {
    expect((await build().inject({ method: 'HEAD', url: '/api/v1/events' })).statusCode).toBe(404);
  });

  it('says that the ledger is away, and keeps the words of a bug to its log', async () => {
    services.failure = new TapwattError('LEDGER_UNAVAILABLE');
    expect((await build().inject('/api/v1/meters')).statusCode).toBe(503);
    services.failure = new Error('secret thoughts');
    const answer = await build().inject('/api/v1/meters');
    expect(answer.json()).toMatchObject({ code: 'INTERNAL' });
    expect(answer.body).not.toContain('secret thoughts');
    expect(logged.join('')).toContain('secret thoughts');
  });
});

describe('administration', () => {
  it('hands an order to the ledger', async () => {
    const answer = await build().inject({ method: 'POST', url: '/api/v1/orders', payload: { jws: 'a.b.c' } });
    expect(answer.json()).toMatchObject({ blockNumber: 42 });
    expect(services.orders).toEqual(['a.b.c']);
  });

  it.each([{}, { jws: 5 }, { jws: 'a', more: 1 }, { jws: 'x'.repeat(20_000) }])(
    'refuses the body %#',
    async (payload) => {
      const answer = await build().inject({ method: 'POST', url: '/api/v1/orders', payload });
      expect([answer.statusCode, answer.json().code]).toEqual([400, 'BAD_REQUEST']);
      expect(services.orders).toEqual([]);
    },
  );

  it('refuses a body that is no JSON or too long without failing', async () => {
    const headers = { 'content-type': 'application/json' };
    const app = build();
    const broken = await app.inject({ method: 'POST', url: '/api/v1/orders', headers, payload: '{' });
    const long = await app.inject({
      method: 'POST',
      url: '/api/v1/orders',
      headers,
      payload: `"${'x'.repeat(40_000)}"`,
    });
    expect([broken.json().code, long.json().code]).toEqual(['BAD_REQUEST', 'BAD_REQUEST']);
  });

  it('gives what a factory puts into a meter, and a handset its password', async () => {
    services.meters.set('7', scriptedMeter('7'));
    const app = build();
    expect((await app.inject('/api/v1/meters/7/provisioning')).json()).toMatchObject({
      identity: 'm-7',
      keyEpoch: 1,
    });
    expect((await app.inject('/api/v1/handsets/h1')).json()).toMatchObject({
      identity: 'h-h1',
      password: 'pw-h-h1',
    });
    expect((await app.inject('/api/v1/handsets/bank')).json()).toMatchObject({ code: 'PARTY_UNKNOWN' });
  });
});

describe('a redemption', () => {
  it('answers 200 with every step when it is settled', async () => {
    services.steps = [step('accepted'), step('on-meter'), step('settled', { txId: 'ab' })];
    const answer = await redeem(build());
    expect([answer.statusCode, answer.json().status]).toEqual([200, 'settled']);
    expect(answer.json().steps).toHaveLength(3);
  });

  it('answers 202 while the meter is away', async () => {
    services.steps = [step('accepted'), step('pending')];
    expect((await redeem(build())).statusCode).toBe(202);
  });

  it('answers a refusal with its code and remedy', async () => {
    services.steps = [step('accepted'), step('refused', { code: 'BAD_MAC' })];
    const answer = await redeem(build());
    expect([answer.statusCode, answer.json().code]).toEqual([422, 'BAD_MAC']);
  });

  it.each(['', '01', `${'01'.repeat(72)}ff`, 'zz'.repeat(72)])(
    'refuses what is no voucher (%#)',
    async (voucher) => {
      expect((await redeem(build(), voucher)).json().code).toBe('BAD_REQUEST');
    },
  );
});

describe('the TCP listener', () => {
  const bearer = { authorization: `Bearer ${TOKEN}` };

  it.each(['localhost:8080', '127.0.0.1:8080', '[::1]:8080', '192.168.1.9', 'Meters.Example:80'])(
    'goes by the name %s',
    async (host) => {
      expect((await overTcp().inject({ url: '/api/v1/meters', headers: { host } })).statusCode).toBe(200);
    },
  );

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'localhost@evil.example'])(
    'does not go by the name %j',
    async (host) => {
      for (const url of ['/', '/api/v1/meters', '/api/v1/events']) {
        const remedy = expect.stringContaining('http.allowedHosts');
        const answer = await overTcp().inject({ url, headers: { host } });
        expect(answer.json()).toMatchObject({ code: 'FORBIDDEN', remedy });
      }
    },
  );

  it('asks for the token before it administers, and takes the right one', async () => {
    services.meters.set('7', scriptedMeter('7'));
    const app = overTcp();
    const url = '/api/v1/meters/7/provisioning';
    const headers = { host: 'localhost' };
    const refused = await app.inject({ url, headers });
    expect([refused.statusCode, refused.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    for (const authorization of ['Bearer wrong', `Basic ${TOKEN}`, `Bearer ${TOKEN}A`, '']) {
      expect((await app.inject({ url, headers: { ...headers, authorization } })).statusCode).toBe(401);
    }
    expect((await app.inject({ url, headers: { ...headers, ...bearer } })).statusCode).toBe(200);
    const post = { method: 'POST', headers } as const;
    expect((await app.inject({ ...post, url: '/api/v1/orders', payload: { jws: 'a' } })).statusCode).toBe(
      401,
    );
    expect(
      (await app.inject({ ...post, url: '/api/v1/redemptions', payload: { voucher: FRAME } })).statusCode,
    ).toBe(401);
    expect(services.orders).toEqual([]);
  });

  it('asks for the token before it lets anybody read in production, but not for health or the page', async () => {
    const app = overTcp('production');
    const headers = { host: 'localhost' };
    for (const url of [
      '/api/v1/meters',
      '/api/v1/events',
      '/api/v1/status',
      '/api/v1/stats',
      '/api/v1/wallets/w1',
    ]) {
      expect((await app.inject({ url, headers })).statusCode, url).toBe(401);
    }
    for (const url of ['/health/live', '/health/ready', '/']) {
      expect((await app.inject({ url, headers })).statusCode, url).toBe(200);
    }
    expect((await app.inject({ url: '/api/v1/meters', headers: { ...headers, ...bearer } })).statusCode).toBe(
      200,
    );
  });
});

describe('the page', () => {
  it('may load nothing from elsewhere', async () => {
    const answer = await build().inject('/');
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.headers['content-security-policy']).toBe(CONTENT_SECURITY_POLICY);
    expect(answer.body).not.toMatch(/https?:\/\//);
  });
});
