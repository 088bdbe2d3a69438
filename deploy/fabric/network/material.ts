import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { packageChaincode } from './chaincode-package.ts';
import { channelConfig, PROFILE } from './channel-config.ts';
import { cryptoConfig } from './crypto-config.ts';
import { describeNetwork } from './description.ts';
import type { Layout } from './layout.ts';
import { hostPort, type NetworkPlan, type PeerPlan } from './plan.ts';
import type { Programs } from './programs.ts';
import { runProgram } from './run-program.ts';

const DEADLINE_MS = 60_000;

/**
 * Makes what a network needs before its first start: certificates and keys, the channel's first block, a chaincode
 * package for each organisation, and the description for clients. The plan is written last: with it all is there.
 */
export async function makeMaterial(plan: NetworkPlan, layout: Layout, programs: Programs): Promise<void> {
  await rm(layout.crypto(), { recursive: true, force: true });
  // YAML reads JSON.
  await write(layout.cryptoConfig(), json(cryptoConfig(plan)));
  await write(layout.channelConfig(), json(channelConfig(plan, layout)));
  await runProgram({
    program: programs.cryptogen,
    args: ['generate', `--config=${layout.cryptoConfig()}`, `--output=${layout.crypto()}`],
    deadlineMs: DEADLINE_MS,
  });
  await runProgram({
    program: programs.configtxgen,
    args: [
      ...['-configPath', layout.directory, '-profile', PROFILE],
      ...['-channelID', plan.channel, '-outputBlock', layout.genesisBlock()],
    ],
    deadlineMs: DEADLINE_MS,
  });
  const roots = plan.peers.map(({ organisation }) => readFile(layout.peerTls(organisation).ca, 'utf8'));
  await write(layout.tlsRoots(), (await Promise.all(roots)).join(''));
  for (const peer of plan.peers) await writePackage(peer, { plan, layout });
  await write(layout.networkFile(), json(describeNetwork(plan, layout)));
  await write(layout.planFile(), json(plan));
}

async function writePackage(
  { organisation, chaincode }: PeerPlan,
  { plan, layout }: { readonly plan: NetworkPlan; readonly layout: Layout },
): Promise<void> {
  const peerTls = layout.peerTls(organisation);
  const { bytes, id } = packageChaincode(plan.chaincode, {
    address: hostPort(chaincode),
    rootCertificate: await readFile(layout.chaincodeTls(organisation).ca, 'utf8'),
    clientCertificate: await readFile(peerTls.certificate, 'utf8'),
    clientKey: await readFile(peerTls.key, 'utf8'),
  });
  await write(layout.package(organisation), bytes);
  await write(layout.packageId(organisation), id);
  // The process needs its TLS certificate alone. The identity that comes with it could endorse.
  await rm(`${layout.chaincode(organisation)}/msp`, { recursive: true, force: true });
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

async function write(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, content, { mode: 0o600 });
}
