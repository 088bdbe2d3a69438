import { generateKeyPairSync } from 'node:crypto';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rawPublicKey } from '@tapwatt/firmware-contracts';
import { connectFabricLedger, fabricMemberOf, type Ledger } from '@tapwatt/gateway';
import { townConfig } from '../town.ts';

const SILENT = { info: () => undefined, warn: () => undefined };

export interface Enrolment {
  readonly gatewayId: string;
  /** The network's description, which names the party. */
  readonly networkFile: string;
  /** The data directory of a gateway of the same utility, whose keys it shares but that of its own. */
  readonly from: string;
  /** Its own data directory. */
  readonly to: string;
}

/** Registers another gateway on a Fabric ledger, with the keys that it needs to start. */
export async function enrolGateway({ gatewayId, networkFile, from, to }: Enrolment): Promise<void> {
  for (const entry of ['VERSION', 'keys']) await cp(join(from, entry), join(to, entry), { recursive: true });
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  await writeFile(join(to, 'keys', 'gateway.key'), pem, { mode: 0o600 });
  const member = await fabricMemberOf(networkFile, gatewayId);
  const discom = await connectAs('discom', networkFile);
  const publicKey = rawPublicKey(privateKey);
  await discom.submit('RegisterGateway', { id: gatewayId, publicKey, member });
  await discom.close();
}

/** The ledger as a party of the network sees it. */
export function connectAs(gatewayId: string, networkFile: string): Promise<Ledger> {
  const fabric = { network: networkFile, certificate: undefined, key: undefined };
  return connectFabricLedger(townConfig('', { gatewayId, ledger: { kind: 'fabric', fabric } }), SILENT);
}
