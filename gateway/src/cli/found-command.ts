import { resolve } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { dataLayout } from '../data/layout.ts';
import type { foundersOf } from '../hosts/found-on-fabric.ts';
import { loadGatewayKeys } from '../keys/gateway-keys.ts';
import { isTokenUri } from '../keys/token-uri.ts';
import { type CommonOptions, readConfig, type Session } from './session.ts';
import { table } from './text.ts';

export interface FoundOptions extends CommonOptions {
  readonly certificate?: string;
  readonly key?: string;
}

/** `ledger found`: begins the ledger on a Fabric channel, with the utility's certificate. */
export async function foundLedger(session: Session, options: FoundOptions): Promise<void> {
  const { config } = await readConfig(session.edges, options);
  if (config.ledger.kind !== 'fabric') {
    throw new TapwattError(
      'CONFIG_INVALID',
      'ledger.kind is embedded: such a ledger is founded by the first start of its gateway.',
      { remedy: 'Start it: tapwatt run. For a Fabric channel, set ledger.kind: fabric in tapwatt.yaml.' },
    );
  }
  const [{ partyOf, readFabricNetwork }, founding] = await Promise.all([
    import('../ledger/fabric/index.ts'),
    import('../hosts/found-on-fabric.ts'),
  ]);
  const network = await readFabricNetwork(config.ledger.fabric.network);
  const { profile, issuer } = config;
  const issuerElsewhere = issuer?.url !== undefined;
  const keys = await loadGatewayKeys(dataLayout(config.dataDirectory), { profile, issuerElsewhere });
  const founder = { ...partyOf(network, 'discom'), ...ownFiles(session, options) };
  const silent = { info: () => undefined, warn: () => undefined };
  const isNew = await founding.foundOnFabric(config, { network, keys, founder, log: silent });
  const { ledgerId } = config;
  const { channel, chaincode } = network;
  const parties = founding.foundersOf(config, { network, keys });
  session.out.data(
    { ledgerId, channel, chaincode, founded: isNew, ...(isNew ? { parties } : {}) },
    isNew
      ? `Founded ${ledgerId} as ${chaincode} on channel ${channel}.\n${partiesText(parties)}`
      : `${ledgerId} was founded already, as ${chaincode} on channel ${channel}.`,
  );
}

/** The utility's, where the network's description does not say where they are. */
function ownFiles({ edges: { cwd } }: Session, { certificate, key }: FoundOptions) {
  if (certificate === undefined && key === undefined) return {};
  if (certificate === undefined || key === undefined) {
    throw new TapwattError('CONFIG_INVALID', '--certificate and --key belong together.');
  }
  return { certificate: resolve(cwd, certificate), key: isTokenUri(key) ? key : resolve(cwd, key) };
}

type Parties = ReturnType<typeof foundersOf>;

const partiesText = (parties: Parties): string =>
  table(
    [
      { title: 'party', cell: ({ id }) => id },
      { title: 'role', cell: ({ role }) => role },
      { title: 'certificate', cell: ({ member }) => (member ? `${member.name}, ${member.mspId}` : '-') },
      { title: 'key', cell: ({ publicKey }) => publicKey ?? '-' },
    ],
    parties,
  );
