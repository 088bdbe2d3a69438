import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { z } from 'zod';
import type { PeerEndpoint, PeerIdentity } from './connect-peer.ts';
import { keySigner } from './signing.ts';

const text = z.string().min(1).max(4096);

const networkFile = z.object({
  channel: text,
  chaincode: text,
  peers: z
    .array(z.object({ mspId: text, address: text, tlsCaFile: text, tlsName: text.optional() }))
    .min(1)
    .max(64),
  identities: z.record(text, z.object({ mspId: text, certificateFile: text, keyFile: text })),
});

/** What a client must know of a Fabric network, as `npm run fabric:up` writes it; paths are absolute. */
export type FabricNetwork = z.infer<typeof networkFile>;
export type FabricIdentityFiles = FabricNetwork['identities'][string];

/** Reads a network's description; paths in it are relative to it. Throws CONFIG_INVALID. */
export async function readFabricNetwork(path: string): Promise<FabricNetwork> {
  const parsed = networkFile.safeParse(await jsonOf(path));
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new TapwattError('CONFIG_INVALID', `${path}: ${problems.join('; ')}`);
  }
  const absolute = (file: string): string => resolve(dirname(path), file);
  const { peers, identities, ...network } = parsed.data;
  return {
    ...network,
    peers: peers.map((peer) => ({ ...peer, tlsCaFile: absolute(peer.tlsCaFile) })),
    identities: Object.fromEntries(
      Object.entries(identities).map(([name, { mspId, certificateFile, keyFile }]) => [
        name,
        { mspId, certificateFile: absolute(certificateFile), keyFile: absolute(keyFile) },
      ]),
    ),
  };
}

async function jsonOf(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TapwattError('CONFIG_INVALID', `The Fabric network’s description cannot be read: ${why}`, {
      cause,
    });
  }
}

/** The peers to use, those of the own organisation first. Throws KEY_FILE. */
export const endpointsOf = (network: FabricNetwork, mspId: string): Promise<PeerEndpoint[]> => {
  const own = network.peers.filter((peer) => peer.mspId === mspId);
  const others = network.peers.filter((peer) => peer.mspId !== mspId);
  return Promise.all(
    [...own, ...others].map(async ({ address, tlsCaFile, tlsName }) => ({
      address,
      tlsCa: await fileOf(tlsCaFile),
      tlsName,
    })),
  );
};

/** A party that signs with a key file. Throws KEY_FILE. */
export async function identityFromFiles(files: FabricIdentityFiles): Promise<PeerIdentity> {
  const [certificate, key] = await Promise.all([fileOf(files.certificateFile), fileOf(files.keyFile)]);
  return { mspId: files.mspId, certificate, sign: keySigner(key) };
}

async function fileOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new TapwattError('KEY_FILE', `${path} cannot be read.`, { cause });
  }
}
