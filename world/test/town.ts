import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MeterDetail, TransactionName, TransactionRequest, VoucherRecord } from '@tapwatt/chaincode';
import { bytesToHex, rawPublicKey, sha256, signOrder } from '@tapwatt/firmware-contracts';
import {
  type Fleet,
  type NfcReaders,
  provisionFleet,
  type RunningGateway,
  startGateway,
} from '@tapwatt/gateway';
import { type FleetHandset, type FleetMeter, newBoard } from '@tapwatt/simulator';
import { type RawHandset, rawHandset } from './raw-handset.ts';
import { type TownMeter, townMeter } from './town-meter.ts';
import { NEVER_MS, until } from './until.ts';

export type GatewayConfig = Parameters<typeof startGateway>[0];
export type Role = 'discom' | 'bank' | 'agency';

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export interface TownOptions {
  readonly directory: string;
  readonly meters: number;
  readonly handsets?: number;
  readonly balanceLimit?: string;
  readonly config?: Partial<GatewayConfig>;
  readonly nfcReaders?: NfcReaders;
}

/** A real gateway in this process, with meters and handsets that reach it over real MQTT. */
export interface Town {
  readonly fleet: Fleet;
  readonly config: GatewayConfig;
  readonly ports: { readonly mqtt: number; readonly http: number };
  /** Every line that the gateway logged. */
  readonly log: readonly string[];
  /** Lines that tell of a fault of the gateway's own. */
  faults(): readonly string[];
  /** The next handset of the fleet that nobody uses yet, connected. */
  handset(of?: FleetHandset): Promise<RawHandset>;
  /**
   * The next meter of the fleet that nobody uses yet, connected, and looked after: what is issued for it from now on and
   * not to be delivered is shown to it only when somebody asks.
   */
  meter(): Promise<TownMeter>;
  /** The next meter of the fleet that nobody uses yet, without power. */
  meterWithoutPower(): TownMeter;
  /** Registers a handset of another agent, with a wallet of its own that holds `amount`. */
  stranger(name: string, amount?: string): Promise<FleetHandset>;
  /** Commits an order of a role, or answers the refusal. */
  order<N extends TransactionName>(
    role: Role,
    name: N,
    request: TransactionRequest<N> | { readonly meterId: string; readonly reason: string },
  ): Promise<Refusal | undefined>;
  get<T>(path: string): Promise<T>;
  wallet(walletId?: string): Promise<{ readonly balance: string; readonly held: string }>;
  voucher(voucherId: string): Promise<VoucherRecord>;
  /** What the ledger keeps of a meter. */
  ledgerMeter(meterId: string): Promise<MeterDetail>;
  /** Resolves when the ledger has the voucher in this state. */
  voucherIs(voucherId: string, status: VoucherRecord['status']): Promise<VoucherRecord>;
  stopGateway(): Promise<void>;
  /** Starts it again on the same ports and the same data, and resolves when everybody who was connected is back. */
  startGateway(): Promise<void>;
  close(): Promise<void>;
}

/** What a gateway is told in these tests: free ports, and no sweep but at boot and when a meter connects. */
export const townConfig = (directory: string, change: Partial<GatewayConfig> = {}): GatewayConfig => ({
  profile: 'development',
  dataDirectory: join(directory, 'data'),
  site: 'home',
  ledgerId: 'tapwatt-dev',
  gatewayId: 'gateway',
  ledger: { kind: 'embedded', fabric: { network: '', certificate: undefined, key: undefined } },
  mqtt: {
    host: '127.0.0.1',
    port: 0,
    external: undefined,
    limits: {
      maxConnections: 1_000,
      maxPacketBytes: 16_384,
      maxBufferedBytesPerClient: 262_144,
      connectTimeoutMs: 5_000,
    },
  },
  http: { host: '127.0.0.1', port: 0, allowedHosts: [] },
  sweep: { intervalMs: NEVER_MS, pageSize: 500, maxInFlight: 2_000 },
  log: { level: 'info' },
  policies: { minAmountMinor: 1n, maxAmountMinor: 10_000_000n },
  stopTimeoutMs: 2_000,
  ...change,
});

/** The private key of a role of the development profile. */
async function roleKey(dataDirectory: string, role: string): Promise<KeyObject> {
  const text = await readFile(join(dataDirectory, 'keys', `${role}.key`), 'utf8');
  return createPrivateKey(text.slice(text.indexOf('-----BEGIN')));
}

export async function openTown(options: TownOptions): Promise<Town> {
  const log: string[] = [];
  const edges = {
    logDestination: { write: (line: string) => void log.push(line) },
    ...(options.nfcReaders === undefined ? {} : { nfcReaders: options.nfcReaders }),
  };
  let config = townConfig(options.directory, options.config);
  let gateway: RunningGateway | undefined = await startGateway(config, edges);
  const mqttPort = gateway.ports.mqtt ?? 0;
  const httpPort = gateway.ports.http;
  config = {
    ...config,
    mqtt: { ...config.mqtt, port: mqttPort },
    http: { ...config.http, port: httpPort },
  };
  const fleet = await provisionFleet({
    dataDirectory: config.dataDirectory,
    broker: { host: '127.0.0.1', port: mqttPort },
    meters: options.meters,
    handsets: options.handsets ?? 2,
    fleetFile: join(options.directory, 'fleet.json'),
    ...(options.balanceLimit === undefined ? {} : { balanceLimit: options.balanceLimit }),
  });
  const devices: { readonly isUp: boolean; close(): Promise<void> }[] = [];
  let cutOff: typeof devices = [];
  const unusedMeters = [...fleet.meters];
  const unusedHandsets = [...fleet.handsets];

  const url = (path: string): string => `http://127.0.0.1:${httpPort}${path}`;
  const token = (): Promise<string> => readFile(join(config.dataDirectory, 'admin.token'), 'utf8');

  async function get<T>(path: string): Promise<T> {
    const answer = await fetch(url(path), { headers: { authorization: `Bearer ${(await token()).trim()}` } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async function order(role: Role, name: string, request: object): Promise<Refusal | undefined> {
    const digest = sha256(new TextEncoder().encode(JSON.stringify([name, request])));
    const payload = {
      aud: fleet.ledgerId,
      requestId: bytesToHex(digest.subarray(0, 12)),
      op: name,
      at: 1,
      request,
    };
    const privateKey = await roleKey(config.dataDirectory, role);
    const answer = await fetch(url('/api/v1/orders'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${(await token()).trim()}` },
      body: JSON.stringify({ jws: signOrder(payload, { kid: role, privateKey }) }),
    });
    return answer.ok ? undefined : ((await answer.json()) as Refusal);
  }

  async function surely(role: Role, name: string, request: object): Promise<void> {
    const refusal = await order(role, name, request);
    if (refusal !== undefined) throw new Error(`${name}: ${refusal.code} ${refusal.message}`);
  }

  function meterWithoutPower(): TownMeter {
    const entry = unusedMeters.shift();
    if (entry === undefined) throw new Error('No meter is left; provision more.');
    const meter = townMeter(fleet, entry, newBoard(entry));
    devices.push(meter);
    return meter;
  }

  const voucher = (voucherId: string): Promise<VoucherRecord> => get(`/api/v1/vouchers/${voucherId}`);

  return {
    fleet,
    get config() {
      return config;
    },
    ports: { mqtt: mqttPort, http: httpPort },
    log,
    faults: () => log.filter((line) => /"level":"(error|fatal)"|INTERNAL|Assertion/.test(line)),
    async handset(of) {
      const entry = of ?? unusedHandsets.shift();
      if (entry === undefined) throw new Error('No handset is left; provision more.');
      const handset = rawHandset(fleet, entry);
      devices.push(handset);
      await handset.up();
      return handset;
    },
    async meter() {
      const meter = meterWithoutPower();
      await meter.start();
      await until(`the gateway to have looked after meter ${meter.meterId}`, async () => {
        const { live } = await get<{ live?: { connected: boolean } }>(`/api/v1/meters/${meter.meterId}`);
        const { redemption } = await get<{ redemption: { metersQueued: number } }>('/api/v1/stats');
        return (live?.connected === true && redemption.metersQueued === 0) || undefined;
      });
      return meter;
    },
    meterWithoutPower,
    async stranger(name, amount) {
      const [known] = fleet.handsets;
      if (known === undefined) throw new Error('The fleet has no handset.');
      const { generateKeyPairSync } = await import('node:crypto');
      const { privateKey } = generateKeyPairSync('ed25519');
      const id = `handset-${name}`;
      await surely('agency', 'RegisterAgent', { id: `agent-${name}`, agencyId: 'agency' });
      await surely('agency', 'OpenWallet', { walletId: `wallet-${name}`, agentId: `agent-${name}` });
      if (amount !== undefined) {
        const depositId = `deposit-${name}`;
        await surely('agency', 'ProposeDeposit', { depositId, walletId: `wallet-${name}`, amount });
        await surely('bank', 'ConfirmDeposit', { depositId, utr: `UTR-${name}` });
      }
      const publicKey = rawPublicKey(privateKey);
      await surely('agency', 'RegisterHandset', { id, agentId: `agent-${name}`, publicKey });
      const access = await get<{ identity: string; password: string }>(`/api/v1/handsets/${id}`);
      const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
      return { ...known, ...access, id, walletId: `wallet-${name}`, privateKey: pem };
    },
    order,
    get,
    wallet: (walletId = 'wallet-1') => get(`/api/v1/wallets/${walletId}`),
    voucher,
    ledgerMeter: (meterId) => get(`/api/v1/meters/${meterId}`),
    voucherIs: (voucherId, status) =>
      until(`voucher ${voucherId} to be ${status}`, async () => {
        const record = await voucher(voucherId);
        return record.status === status ? record : undefined;
      }),
    async stopGateway() {
      const running = gateway;
      gateway = undefined;
      cutOff = devices.filter(({ isUp }) => isUp);
      await running?.close();
      await until('everybody to notice', () => cutOff.every(({ isUp }) => !isUp) || undefined);
    },
    async startGateway() {
      gateway = await startGateway(config, edges);
      await until('everybody to be back', () => cutOff.every(({ isUp }) => isUp) || undefined);
    },
    async close() {
      await Promise.all(devices.map((device) => device.close()));
      await gateway?.close();
    },
  };
}

export type { FleetMeter, RawHandset, TownMeter };
