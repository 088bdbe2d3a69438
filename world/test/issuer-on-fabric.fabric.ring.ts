import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunningGateway, startGateway } from '@tapwatt/gateway';
import { newBoard } from '@tapwatt/simulator';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Program, startProgram } from '../src/program.ts';
import { enrolGateway } from './fabric/enrol-gateway.ts';
import { certificateOf } from './issuer-process.ts';
import { openTown, type RawHandset, type Town, type TownMeter } from './town.ts';
import { townMeter } from './town-meter.ts';
import { until } from './until.ts';

const EMPTY_LEDGER = fileURLToPath(new URL('../../scripts/empty-fabric-ledger.ts', import.meta.url));
const BIN = fileURLToPath(new URL('../../gateway/bin/tapwatt.js', import.meta.url));
const SILENT = { logDestination: { write: () => undefined } };

let directory: string;
let town: Town;
let handset: RawHandset;
let meter: TownMeter;
let issuer: Program<number>;
let gateway: RunningGateway;
/** With a broker of its own, and without a key too. */
let elsewhere: RunningGateway;

/** A town whose gateway has given its master key to an issuer with a ledger connection of its own, on the same channel. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  const network = join(directory, 'network.json');
  await writeFile(network, execFileSync(process.execPath, [EMPTY_LEDGER]));
  const fabric = { network, certificate: undefined, key: undefined };
  town = await openTown({ directory, meters: 2, config: { ledger: { kind: 'fabric', fabric } } });
  handset = await town.handset();
  meter = await town.meter();
  await town.stopGateway();
  const keys = join(directory, 'issuer', 'keys');
  await mkdir(keys, { recursive: true, mode: 0o700 });
  await rename(join(directory, 'data', 'keys', 'master.key'), join(keys, 'master.key'));
  issuer = await startIssuer(network);
  const config = { ...town.config, issuer: await issuerOf(await issuer.ready) };
  gateway = await startGateway(config, SILENT);
  const second = { gatewayId: 'gateway-2', dataDirectory: join(directory, 'gateway-2') };
  const { mqtt, http, dataDirectory: from } = config;
  await enrolGateway({ gatewayId: second.gatewayId, networkFile: network, from, to: second.dataDirectory });
  const freePorts = { mqtt: { ...mqtt, port: 0 }, http: { ...http, port: 0 } };
  elsewhere = await startGateway({ ...config, ...second, ...freePorts }, SILENT);
});
afterAll(async () => {
  await Promise.all([gateway?.close(), elsewhere?.close()]);
  await issuer?.stop();
  await town?.close();
  await rm(directory, { recursive: true, force: true });
});

/** The paths of a party's certificate, key and authority. */
async function filesOf(name: string) {
  const { ca, cert, key } = certificateOf(name);
  const file = async (what: string, text: string): Promise<string> => {
    const path = join(directory, `${name}-${what}.pem`);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  return { ca: await file('ca', ca), certificate: await file('cert', cert), key: await file('key', key) };
}

async function startIssuer(network: string): Promise<Program<number>> {
  const { ca, certificate, key } = await filesOf('issuer');
  return startProgram({
    name: 'The issuer',
    command: [BIN, 'issuer', '--json', '--data', join(directory, 'issuer')],
    logFile: join(directory, 'issuer.log'),
    environment: {
      TAPWATT_GATEWAY_ID: 'issuer',
      TAPWATT_LEDGER_KIND: 'fabric',
      TAPWATT_LEDGER_FABRIC_NETWORK: network,
      TAPWATT_ISSUER_HOST: '127.0.0.1',
      TAPWATT_ISSUER_PORT: '0',
      TAPWATT_ISSUER_CA: ca,
      TAPWATT_ISSUER_CERTIFICATE: certificate,
      TAPWATT_ISSUER_KEY: key,
    },
    readyOf: (line) => (JSON.parse(line) as { readonly port?: number }).port,
  });
}

const issuerOf = async (port: number) => ({
  ...{ url: `https://127.0.0.1:${port}`, masterKeyCommand: [], host: '127.0.0.1', port: 0 },
  ...(await filesOf('gateway')),
});

const buy = (deliver: boolean, { meterId } = meter) =>
  handset.ask({ op: 'issue', walletId: 'wallet-1', meterId, amount: '500', deliver });

it('a gateway without the master key issues and settles with what the issuer’s own process seals', async () => {
  await until('everybody to be back', () => (handset.isUp && meter.isUp) || undefined);
  await handset.hears(buy(true), 'settled');
  expect(meter.credited).toBe(500n);
});

it('a voucher bought at one gateway reaches a meter at another’s broker by the ledger, sealed by the issuer', async () => {
  const [, entry] = town.fleet.meters;
  if (entry === undefined) throw new Error('No second meter.');
  const broker = { ...town.fleet.broker, port: elsewhere.ports.mqtt ?? 0 };
  const far = townMeter({ ...town.fleet, broker }, entry, newBoard(entry));
  try {
    await far.start();
    const bought = buy(true, far);
    const { txId, voucherId = '' } = await handset.hears(bought, 'settled');
    const steps = new Set(handset.resultsOf(bought).map(({ status }) => status));
    expect([...steps]).toEqual(['issued', 'pending', 'on-meter', 'settled']);
    expect(far.credited).toBe(500n);
    expect(far.receipts()).toHaveLength(1);
    expect(await town.voucher(voucherId)).toMatchObject({ status: 'REDEEMED', settledTxId: txId });
    await until('the acknowledgement', () => far.acknowledged === 1 || undefined);
  } finally {
    await far.close();
  }
});

it('the gateway tells when the certificates of the issuer end', async () => {
  const { issuer: certificates } = await town.get<{ issuer: Record<string, number> }>('/api/v1/stats');
  for (const name of ['tlsExpiresAt', 'ledgerExpiresAt']) {
    expect(certificates[name], name).toBeGreaterThan(Date.now() / 1000);
  }
});

it('without the issuer nothing is issued, and what was sealed is redeemed', async () => {
  const { voucher = '' } = await handset.hears(buy(false), 'issued');
  await issuer.kill();
  const refused = buy(true);
  await until('a refusal', () =>
    handset.resultsOf(refused).find(({ code }) => code === 'ISSUER_UNAVAILABLE'),
  );
  await handset.askUntil({ op: 'redeem', voucher }, 'settled');
  expect(meter.credited).toBe(1_000n);
});
