import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../gateway/src/config/load-config.ts';
import { Layout } from './fabric/network/layout.ts';
import { nodeCommands } from './fabric/network/node-commands.ts';
import type { NetworkPlan } from './fabric/network/plan.ts';

interface Service {
  readonly image: string;
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: unknown;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly restart?: string;
}

const read = (file: string): string => readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8');
const compose: {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: object;
  readonly networks: object;
} = parse(read('../docker-compose.yaml'), { merge: true });
const plan: NetworkPlan = JSON.parse(read('fabric/production.json'));
const services = Object.entries(compose.services);
const service = (name: string): Service => {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`docker-compose.yaml has no ${name}`);
  return found;
};
const runsOnce = ({ restart }: Service): boolean => restart === 'no';

describe('every service', () => {
  test.each(services)(
    '%s has a fixed image, a user that is not root, and a health check unless it runs once',
    (_, it) => {
      expect(it.image).toMatch(/:\d+\.\d+\.\d+$/);
      expect(it.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      expect(it.healthcheck !== undefined || runsOnce(it)).toBe(true);
    },
  );

  test.each(services)(
    '%s keeps its data in named volumes, and is reached from this machine alone',
    (_, it) => {
      for (const volume of it.volumes ?? []) {
        const [source = '', , mode] = volume.split(':');
        if (source.startsWith('./')) expect(mode).toBe('ro');
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
      for (const network of it.networks ?? []) expect(Object.keys(compose.networks)).toContain(network);
      for (const port of it.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
    },
  );
});

test('the gateway’s environment is one that the gateway takes, and its ports are those it listens on', () => {
  const { environment = {}, ports = [] } = service('gateway');
  const { config } = loadConfig({ environment, flags: [], workingDirectory: '/tapwatt' });
  expect(config).toMatchObject({ mqtt: { host: '0.0.0.0' }, http: { host: '0.0.0.0' } });
  const published = ports.map((port) => Number(port.split(':')[2]));
  expect(published.sort()).toEqual([config.mqtt.port, config.http.port].sort());
  expect(service('gateway').volumes).toContain(`gateway:${config.dataDirectory}`);
  expect(config.ledger).toMatchObject({ kind: 'fabric', fabric: { network: '/network/network.json' } });
});

test('the gateway keeps its readings in the InfluxDB beside it, where Grafana looks for them', () => {
  const { environment = {}, networks = [] } = service('gateway');
  const { config } = loadConfig({ environment, flags: [], workingDirectory: '/tapwatt' });
  const { url, database } = config.telemetry?.influx ?? {};
  expect(url).toBe('http://influxdb:8086');
  expect(networks.filter((network) => service('influxdb').networks?.includes(network))).not.toEqual([]);
  expect(service('influxdb').environment?.INFLUXDB_DB).toBe(database);
  const [source] = parse(read('docker/grafana/datasources/influxdb.yaml')).datasources;
  expect(source).toMatchObject({ uid: 'tapwatt', url, jsonData: { dbName: database } });
});

/** Where a container keeps its own data, and that it listens for other machines. */
const OF_CONTAINERS = [
  ...['FABRIC_CFG_PATH', 'ORDERER_GENERAL_LISTENADDRESS', 'ORDERER_ADMIN_LISTENADDRESS', 'CHAINCODE_ID'],
  ...['ORDERER_OPERATIONS_LISTENADDRESS', 'CORE_PEER_LISTENADDRESS', 'CORE_OPERATIONS_LISTENADDRESS'],
  ...['ORDERER_FILELEDGER_LOCATION', 'ORDERER_CONSENSUS_WALDIR', 'ORDERER_CONSENSUS_SNAPDIR'],
  ...['CORE_PEER_FILESYSTEMPATH', 'CORE_LEDGER_SNAPSHOTS_ROOTDIR', 'CHAINCODE_SERVER_ADDRESS'],
  // On one machine only.
  ...['CORE_PEER_GOSSIP_DIALTIMEOUT', 'CORE_PEER_GOSSIP_RECONNECTINTERVAL'],
];
const withoutThose = (environment: Readonly<Record<string, string>> = {}) =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !OF_CONTAINERS.includes(name)));

const natively = nodeCommands(plan, {
  layout: new Layout('/network'),
  programs: { peer: '', orderer: '', configtxgen: '', cryptogen: '', osnadmin: '' },
  chaincodeProgram: '',
  packageIds: { discom: '', bank: '', agency: '' },
});

test.each(natively.map((command) => [command.name, command] as const))(
  '%s is told the same as by npm run fabric:up, under the address of the production plan',
  (name, { environment, address }) => {
    const composed = service(name).environment;
    expect(withoutThose(composed)).toEqual(withoutThose(environment));
    expect(address.host).toBe(name);
    const listens = [
      composed?.CORE_PEER_LISTENADDRESS,
      composed?.CHAINCODE_SERVER_ADDRESS,
      `0.0.0.0:${composed?.ORDERER_GENERAL_LISTENPORT}`,
    ];
    expect(listens).toContain(`0.0.0.0:${address.port}`);
  },
);

test('the volumes are handed to the user of those that write them by the first service that runs', () => {
  const handed = service('material').volumes?.map((volume) => volume.split(':')[0]) ?? [];
  const written = services
    .filter(([, it]) => it.user === '1000:1000' && !runsOnce(it))
    .flatMap(([, it]) => it.volumes ?? [])
    .filter((volume) => !volume.startsWith('./') && !volume.endsWith(':ro'))
    .map((volume) => volume.split(':')[0]);
  // The gateway's own image has its folder with that owner.
  expect(written.filter((volume) => volume !== 'gateway' && !handed.includes(volume))).toEqual([]);
});
