import { backupBytes } from '../backup/write-backup.ts';
import type { GatewayConfig } from '../config/gateway-config.ts';
import type { OpenedData } from '../data/open.ts';
import { systemClock, systemRandom } from '../edges/system.ts';
import { EMBEDDED_BATCHES } from '../ledger/batches.ts';
import { openEmbeddedLedger } from '../ledger/embedded/index.ts';
import type { LedgerWatch } from '../observability/ledger-watch.ts';
import { firstParties } from './first-parties.ts';
import type { LedgerHost } from './ledger-host.ts';

/** Opens the embedded ledger of a data directory, and founds it where there is none yet. */
export async function openEmbeddedHost(
  config: GatewayConfig,
  { keys, layout }: OpenedData,
  watch: LedgerWatch,
): Promise<LedgerHost> {
  const embedded = await openEmbeddedLedger({
    directory: layout.ledger,
    signingKey: keys.ledger,
    clock: { now: () => systemClock.nowMs() },
    random: systemRandom,
    onCondition: watch.onCondition,
    genesis: { ledgerId: config.ledgerId, parties: firstParties(config.gatewayId, keys) },
  });
  const asGateway = () => embedded.as({ partyId: config.gatewayId, role: 'gateway' });
  return {
    ledger: asGateway(),
    issuerLedger: asGateway(),
    batches: EMBEDDED_BATCHES,
    found: async () => undefined,
    get condition() {
      return embedded.condition;
    },
    head() {
      const { number, hash } = embedded.headBlock();
      return { blockNumber: number, blockHash: hash };
    },
    submitOrder: (jws, options) => embedded.submitOrder(jws, options),
    atOneMoment: (read) => embedded.atOneMoment(read),
    backup: () =>
      backupBytes(embedded.dump(), {
        ledgerKey: keys.ledger,
        createdAt: Math.floor(systemClock.nowMs() / 1000),
      }),
    stats: () => embedded.stats(),
    close: () => embedded.close(),
  };
}
