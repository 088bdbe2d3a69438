import type { Member } from '@tapwatt/chaincode';
import { LOAD_PARTIES, type LoadParty, VoucherLoad } from '../../../../bench/voucher-load.ts';
import { systemClock, systemRandom } from '../../../edges/system.ts';
import type { FabricLedger } from '../fabric-ledger.ts';
import type { FabricLimits } from '../limits.ts';
import { type FabricNetwork, partyOf, readFabricNetwork } from '../network-file.ts';
import { openAsParty } from '../open-as-party.ts';

/** Where the description of the network under test is, unless `FABRIC_NETWORK` says it. */
const NETWORK_FILE = 'data/fabric/network.json';
/** Seconds of a year: runs on one network have numbers of their own. */
const RUNS = 31_536_000;

/** A load and its ledger on a running Fabric network, founded by the first load that comes. */
export interface LoadOnFabric {
  readonly load: VoucherLoad;
  readonly ledgers: Readonly<Record<LoadParty, FabricLedger>>;
  close(): Promise<void>;
}

export async function openLoadOnFabric(
  limits: Partial<FabricLimits> = {},
  networkFile = process.env.FABRIC_NETWORK ?? NETWORK_FILE,
): Promise<LoadOnFabric> {
  const network = await readFabricNetwork(networkFile);
  const opened = await Promise.all(LOAD_PARTIES.map((party) => openAs(network, party, limits)));
  const byParty = <T>(of: (party: (typeof opened)[number]) => T) =>
    Object.fromEntries(opened.map((one) => [one.party, of(one)])) as Record<LoadParty, T>;
  const ledgers = byParty(({ ledger }) => ledger);
  const run = Math.floor(Date.now() / 1000) % RUNS;
  const load = new VoucherLoad({ run, members: byParty(({ member }) => member) });
  if ((await ledgers.discom.evaluate('GetLedger', {})) === null) {
    await ledgers.discom.submit('Genesis', load.genesis());
  }
  const close = async (): Promise<void> => {
    await Promise.all(opened.map(({ ledger }) => ledger.close()));
  };
  return { load, ledgers, close };
}

async function openAs(network: FabricNetwork, id: LoadParty, limits: Partial<FabricLimits>) {
  const party = partyOf(network, id);
  const edges = { clock: systemClock, random: systemRandom };
  const ledger = await openAsParty(network, party, { ...edges, limits });
  const member: Member = { mspId: party.mspId, name: party.name };
  return { party: id, ledger, member };
}
