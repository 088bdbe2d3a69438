import { DISK_AND_NETWORK_EDGES } from './architecture.ts';
import { checkBorder } from './edges.ts';
import type { Finding } from './finding.ts';
import type { Supply } from './machine-use.ts';
import type { SourceTree } from './source-tree.ts';

const FILES: readonly string[] = ['fs', 'fs/promises', 'sqlite', 'classic-level', '@fastify/static'];
const SOCKETS: readonly string[] = [
  ...['net', 'tls', 'http', 'https', 'http2', 'dgram', 'dns', 'dns/promises', 'inspector'],
  ...['fastify', 'mqtt', 'influx', '@grpc/grpc-js.Client', '@hyperledger/fabric-gateway.connect'],
];
const DEVICES: readonly string[] = ['serialport', 'nfc-pcsc'];
const PROCESSES: readonly string[] = ['child_process', 'worker_threads', 'cluster'];

const all = (names: readonly string[], what: string): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, what]));

const DISK_AND_NETWORK: Supply = {
  globals: all(['fetch', 'WebSocket', 'EventSource'], 'opens sockets'),
  modules: {
    ...all(FILES, 'opens files'),
    ...all(SOCKETS, 'opens sockets'),
    ...all(DEVICES, 'opens devices'),
    ...all(PROCESSES, 'starts processes or threads'),
  },
};

/** Finds files, sockets, devices and processes opened anywhere but at the declared edges. */
export function checkDiskAndNetwork(tree: SourceTree): Finding[] {
  return checkBorder(tree, { supply: DISK_AND_NETWORK, edges: DISK_AND_NETWORK_EDGES });
}
