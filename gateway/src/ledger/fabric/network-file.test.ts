import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endpointsOf, partyOf, readFabricNetwork } from './network-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapwatt-network-'));
});
afterEach(() => rm(folder, { recursive: true }));

const peer = (mspId: string) => ({ mspId, address: `${mspId}:7051`, tlsCa: `${mspId}.pem` });
const party = { id: 'gateway', mspId: 'B', name: 'User1@b', certificate: 'c.pem', key: '/keys/k.pem' };

async function described(text: string): Promise<string> {
  const path = join(folder, 'network.json');
  await writeFile(path, text);
  return path;
}

it('reads a description, its paths relative to it, the own organisation’s peers first', async () => {
  const text = JSON.stringify({
    channel: 'c',
    chaincode: 'cc',
    peers: [peer('A'), peer('B')],
    parties: [party],
  });
  const network = await readFabricNetwork(await described(text));
  const found = partyOf(network, 'gateway');
  expect(found).toMatchObject({ certificate: join(folder, 'c.pem'), key: '/keys/k.pem' });
  for (const name of ['A', 'B']) await writeFile(join(folder, `${name}.pem`), name);
  const endpoints = await endpointsOf(network, found.mspId);
  expect(endpoints.map(({ address }) => address)).toEqual(['B:7051', 'A:7051']);
  expect(Buffer.from(endpoints[0]?.tlsCa ?? '').toString()).toBe('B');
});

it('says what is wrong with a description', async () => {
  const invalid = { code: 'CONFIG_INVALID' };
  await expect(readFabricNetwork(join(folder, 'nowhere.json'))).rejects.toMatchObject(invalid);
  await expect(readFabricNetwork(await described('{'))).rejects.toMatchObject(invalid);
  const empty = readFabricNetwork(await described('{"channel":"c","chaincode":"d","peers":[]}'));
  await expect(empty).rejects.toThrow(/peers: /);
  const nobody = await readFabricNetwork(
    await described(JSON.stringify({ channel: 'c', chaincode: 'd', peers: [peer('A')] })),
  );
  expect(() => partyOf(nobody, 'gateway')).toThrow(/names no party gateway/);
  await expect(endpointsOf(nobody, 'A')).rejects.toMatchObject({ code: 'KEY_FILE' });
});
