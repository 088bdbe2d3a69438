import { TapwattError } from '@tapwatt/firmware-contracts';
import type { GatewayConfig } from '../config/gateway-config.ts';
import type { OpenedData } from '../data/open.ts';
import { systemClock } from '../edges/system.ts';
import { FABRIC_BATCHES } from '../ledger/batches.ts';
import { LedgerUnavailable } from '../ledger/errors.ts';
import {
  expiryOf,
  type FabricLedger,
  type FabricNetwork,
  identityOfParty,
  partyOf,
  readFabricNetwork,
  watchChain,
} from '../ledger/fabric/index.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LedgerWatch } from '../observability/ledger-watch.ts';
import { connectAs, type FabricLog, gatewayParty } from './connect-fabric.ts';
import { foundOnFabric } from './found-on-fabric.ts';
import type { LedgerHost } from './ledger-host.ts';

/** Readings of one moment are tried so often while blocks come. */
const STILL_ATTEMPTS = 5;

export interface FabricHostParts {
  readonly data: OpenedData;
  readonly watch: LedgerWatch;
  readonly log: FabricLog;
}

/**
 * Connects to a Fabric network as this gateway. In the development profile the channel's ledger is founded by the first
 * gateway that comes, with the utility's certificate that the network's description names; in production by nobody but who
 * says so (`tapwatt ledger found`).
 */
export async function openFabricHost(config: GatewayConfig, parts: FabricHostParts): Promise<LedgerHost> {
  const network = await readFabricNetwork(config.ledger.fabric.network);
  const party = gatewayParty(network, config);
  const connect = () => connectAs(network, party, parts.log);
  const ledger = await connect();
  const issuerLedger = await connect();
  const { certificate } = await identityOfParty(party);
  const chain = watchChain(ledger, systemClock, (isReached, error) =>
    parts.watch.onCondition(isReached ? 'open' : 'failed', error),
  );
  let closed = false;
  return {
    ledger,
    issuerLedger,
    batches: FABRIC_BATCHES,
    async found() {
      if (config.profile === 'development') await foundIfEmpty(ledger, { network, config, parts });
    },
    get condition() {
      if (closed) return 'closed';
      return chain.isReached ? 'open' : 'failed';
    },
    head: () => ({
      blockNumber: chain.head?.number ?? 0,
      ...(chain.head === undefined ? {} : { blockHash: chain.head.hash }),
    }),
    submitOrder: (jws, options) => ledger.submitOrder(jws, options),
    atOneMoment: (read) => whileStill(ledger, read),
    backup() {
      throw new TapwattError(
        'BAD_REQUEST',
        'The ledger is on Fabric: its peers and orderers are what to back up.',
      );
    },
    stats: async () => ({
      ...ledger.figures(),
      block: chain.head?.number ?? 0,
      certificateExpiresAt: Math.floor(expiryOf(certificate) / 1000),
    }),
    async close() {
      closed = true;
      chain.stop();
      await Promise.all([ledger.close(), issuerLedger.close()]);
    },
  };
}

async function foundIfEmpty(
  ledger: Ledger,
  of: { readonly network: FabricNetwork; readonly config: GatewayConfig; readonly parts: FabricHostParts },
): Promise<void> {
  if ((await ledger.evaluate('GetLedger', {})) !== null) return;
  const { network, config, parts } = of;
  const founder = partyOf(network, 'discom');
  await foundOnFabric(config, { network, founder, keys: parts.data.keys, log: parts.log });
}

/** Fabric lets nobody read an older state: a reading during which a block came is done again. */
async function whileStill<T>(
  ledger: FabricLedger,
  read: (ledger: Pick<Ledger, 'evaluate'>) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; attempt < STILL_ATTEMPTS; attempt += 1) {
    const { number } = await ledger.head();
    const result = await read(ledger);
    if ((await ledger.head()).number === number) return result;
  }
  throw new LedgerUnavailable('Blocks came during every reading: read it again when less is going on.', {
    code: 'BUSY',
  });
}
