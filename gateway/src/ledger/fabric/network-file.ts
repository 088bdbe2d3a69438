import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, TapwattError } from '@tapwatt/firmware-contracts';
import { z } from 'zod';
import { isTokenUri, parseTokenUri } from '../../keys/token-uri.ts';
import type { PeerEndpoint, PeerIdentity } from './connect-peer.ts';
import { keySigner, type SignMessage } from './signing.ts';
import { tokenSigner } from './token-signer.ts';

const text = z.string().min(1).max(4096);

const networkFile = z.object({
  channel: text,
  chaincode: text,
  peers: z
    .array(z.object({ mspId: text, address: text, tlsCa: text, tlsName: text.optional() }))
    .min(1)
    .max(64),
  parties: z
    .array(z.object({ id: text, mspId: text, name: text, certificate: text, key: text }))
    .max(1024)
    .default([]),
});

/** What a client must know of a Fabric network, as `npm run fabric:up` writes it. */
export type FabricNetwork = z.infer<typeof networkFile>;

/** A party of the network with its certificate (its common name is `name`) and its key: a file, or a PKCS#11 URI. */
export type FabricParty = FabricNetwork['parties'][number];

/** Reads a network's description; its paths are relative to it, the ones answered absolute. Throws CONFIG_INVALID. */
export async function readFabricNetwork(path: string): Promise<FabricNetwork> {
  const parsed = networkFile.safeParse(await jsonOf(path));
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new TapwattError('CONFIG_INVALID', `${path}: ${problems.join('; ')}`);
  }
  const absolute = (file: string): string => resolve(dirname(path), file);
  const { peers, parties, ...network } = parsed.data;
  return {
    ...network,
    peers: peers.map((peer) => ({ ...peer, tlsCa: absolute(peer.tlsCa) })),
    parties: parties.map((party) => ({
      ...party,
      certificate: absolute(party.certificate),
      key: isTokenUri(party.key) ? party.key : absolute(party.key),
    })),
  };
}

async function jsonOf(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const why = messageOf(cause);
    throw new TapwattError('CONFIG_INVALID', `The Fabric network’s description cannot be read: ${why}`, {
      cause,
    });
  }
}

/** A party that the description names. Throws CONFIG_INVALID. */
export function partyOf({ parties }: FabricNetwork, id: string): FabricParty {
  const party = parties.find((one) => one.id === id);
  if (party !== undefined) return party;
  throw new TapwattError('CONFIG_INVALID', `The Fabric network’s description names no party ${id}.`);
}

/** The peers to use, those of the own organisation first. Throws KEY_FILE. */
export const endpointsOf = (network: FabricNetwork, mspId: string): Promise<PeerEndpoint[]> => {
  const own = network.peers.filter((peer) => peer.mspId === mspId);
  const others = network.peers.filter((peer) => peer.mspId !== mspId);
  return Promise.all(
    [...own, ...others].map(async ({ address, tlsCa, tlsName }) => ({
      address,
      tlsCa: await fileOf(tlsCa),
      tlsName,
    })),
  );
};

/** A party that signs with a key in a file, or in a token. Throws KEY_FILE, CONFIG_INVALID. */
export async function identityOfParty(
  party: Pick<FabricParty, 'mspId' | 'certificate' | 'key'>,
): Promise<PeerIdentity> {
  const { mspId, key } = party;
  const certificate = await fileOf(party.certificate);
  const sign = isTokenUri(key) ? await signerInToken(key, certificate) : keySigner(await fileOf(key));
  return { mspId, certificate, sign };
}

async function signerInToken(uri: string, certificate: Uint8Array): Promise<SignMessage> {
  const { pinFile, ...place } = parseTokenUri(uri);
  const pin = Buffer.from(await fileOf(pinFile))
    .toString('utf8')
    .trim();
  return tokenSigner({ ...place, pin }, certificate);
}

async function fileOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new TapwattError('KEY_FILE', `${path} cannot be read.`, { cause });
  }
}
