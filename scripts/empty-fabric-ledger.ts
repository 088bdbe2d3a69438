import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPT = fileURLToPath(new URL('fabric.ts', import.meta.url));
const NETWORK_FILE = 'data/fabric/network.json';
const DEADLINE_MS = 120_000;

interface Description {
  readonly peers: readonly { readonly tlsCa: string }[];
  readonly parties: readonly { readonly certificate: string; readonly key: string }[];
}

/**
 * `node scripts/empty-fabric-ledger.ts`: an empty ledger of a test's own on the network that runs (`npm run fabric:up`, or the one whose description
 * `FABRIC_NETWORK` names); prints the network's description with its chaincode in it, all paths absolute.
 */
async function emptyFabricLedger(): Promise<string> {
  const networkFile = path.resolve(process.env.FABRIC_NETWORK ?? NETWORK_FILE);
  const directory = path.dirname(networkFile);
  const chaincode = `test-${randomBytes(6).toString('hex')}`;
  const command = [SCRIPT, 'define', chaincode, '--directory', directory];
  await promisify(execFile)(process.execPath, command, { timeout: DEADLINE_MS });
  const { peers, parties, ...network } = JSON.parse(await readFile(networkFile, 'utf8')) as Description;
  const absolute = (file: string): string => path.resolve(directory, file);
  return JSON.stringify({
    ...network,
    chaincode,
    peers: peers.map((peer) => ({ ...peer, tlsCa: absolute(peer.tlsCa) })),
    parties: parties.map((party) => ({
      ...party,
      certificate: absolute(party.certificate),
      key: absolute(party.key),
    })),
  });
}

process.stdout.write(await emptyFabricLedger());
